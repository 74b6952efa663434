/** Starts the page: every part watches the store, then the stream fills it. */

import { startBroken } from "./broken.js";
import { startClock } from "./clock.js";
import { startConversation } from "./conversation.js";
import { byId } from "./dom.js";
import { startDrawer } from "./drawer.js";
import { startFaults } from "./faults.js";
import { startLoad } from "./load.js";
import { startModal } from "./modal.js";
import { startSidebar } from "./sidebar.js";
import { state, watch } from "./store.js";
import { start } from "./stream.js";
import { startTheme } from "./theme.js";
import { startUnread } from "./unread.js";
import { startViews } from "./views.js";
import { startWire } from "./wire.js";
import { startWorld } from "./world.js";

startTheme();
startDrawer();
startSidebar();
startConversation();
startUnread();
startModal();
startViews();
startClock();
startBroken();
startWorld();
startLoad();
startFaults();
startWire();
watch(["connection"], () => {
  byId("lost").textContent = state.connection === "lost" ? "Connection lost, trying again…" : "";
});
start();
