"""One replica of vLLM's V1 engine, request by request.

What is modelled: a queue in the order of arrival; each step computes one token for every request that decodes, and
fills what is left of its token budget with prompts, first come first served and cut where the budget ends; blocks of
KV cache, taken for a whole prompt when it is admitted and then one at a time; when a running request needs a block and
none is free, the latest one is thrown out, goes to the head of the queue, and all its tokens are computed again.

Steps that compute prompts are taken one by one. Between them every request gains one token a step, so whole runs of
steps are taken at once: the time of a run is a quadratic in its length, since every step reads a few tokens more. What
ends a run is known beforehand: a request that finishes, the last free block, an arrival, a client that gives up. A
request thus costs a handful of events, however long it is. Times are seconds; arrivals are noticed between steps.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque

from infra.local.cloud.engine import runs
from infra.local.cloud.engine.histograms import FIRST_TOKEN, REQUEST, TOKEN_GAP, Histogram, lengths
from infra.local.cloud.engine.physics import BLOCK, Physics
from infra.local.cloud.engine.request import Outcome, Request

_MASK = BLOCK - 1


class Server:
    """One replica. ``advance`` brings it to a time; requests must be sent in the order of their times."""

    def __init__(self, physics: Physics, now: float = 0.0, slowdown: float = 1.0) -> None:
        self.physics = physics
        self.now = now
        """The end of the last step, or the time itself while nothing is to be done."""
        self.hung = False
        self.preemptions = self.prompt_tokens = self.generation_tokens = 0
        self.successes = {"stop": 0, "length": 0, "abort": 0}
        self.first_token, self.token_gap = Histogram(FIRST_TOKEN), Histogram(TOKEN_GAP)
        self.whole, self.queued = Histogram(REQUEST), Histogram(REQUEST)
        longest = lengths(physics.max_model_len)
        self.prompts, self.outputs = Histogram(longest), Histogram(longest)
        self._pace = physics.slowed(slowdown)
        self._inbox, self._waiting, self._prefilling = deque[Request](), deque[Request](), deque[Request]()
        self._running: dict[Request, None] = {}
        """In the order of admission."""
        self._pending = 0
        """Tokens that those who are admitted still have to compute."""
        self._decoding = self._cached = self._steps = 0
        self._free = physics.blocks
        self._due = [0] * BLOCK
        """How many requests need a new block in the step whose number has these last four bits."""
        self._ends: list[tuple[int, int, int, Request]] = []
        self._deadlines: list[tuple[float, int, Request]] = []
        self._gone: list[Request] = []
        """Whose clients gave up while the engine hung."""
        self._thrown_at, self._open = -1, 0
        self._order = itertools.count()

    # Seen from outside -----------------------------------------------------------------------------------

    @property
    def running(self) -> int:
        """The requests in the batch."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """The requests in the queue."""
        return len(self._waiting) + len(self._inbox)

    @property
    def busy(self) -> bool:
        """Whether any client still waits for an answer."""
        return self._open > 0

    @property
    def kv_usage(self) -> float:
        """The share of the KV cache's blocks that is taken, 0 to 1."""
        return 1 - self._free / self.physics.blocks if self.physics.blocks else 0.0

    def takes(self, prompt: int, output: int) -> bool:
        """Say whether a request fits at all: into the model's context, and alone into the KV cache."""
        return prompt + output <= min(self.physics.max_model_len, self.physics.tokens)

    def submit(self, request: Request) -> None:
        """Take a request in; ValueError for one that could never be served."""
        if not self.takes(request.prompt, request.output):
            raise ValueError(f"{request.prompt} + {request.output} tokens are more than this server takes")
        self._open += 1
        self._inbox.append(request)
        heapq.heappush(self._deadlines, (request.deadline, next(self._order), request))

    @property
    def mark(self) -> tuple[int, int, int, int]:
        """What changes whenever anything that is counted here does."""
        return self._steps, len(self._running), self.waiting, self.successes["abort"]

    def advance(self, until: float) -> None:
        """Do all steps that end by then."""
        if self.hung:
            self._hang(until)
            return
        while self._turn(until):
            pass

    def hang(self, now: float, *, on: bool) -> None:
        """Let the engine stop in the midst of its work, or go on; what asks for its health is answered either way."""
        if on != self.hung:
            self.advance(now)
            self.hung, self.now = on, self.now if on else max(self.now, now)
            while self._gone and not on:
                self._abort(self._gone.pop())

    def close(self) -> None:
        """End with all that is in it."""
        for request in (*self._running, *self._waiting, *self._inbox):
            if not request.done:
                self._tell(request, "lost")

    # One turn --------------------------------------------------------------------------------------------

    def _turn(self, until: float) -> bool:
        """Do the next step, or a run of them, if it ends by then; say whether there may be more to do."""
        inbox, waiting = self._inbox, self._waiting
        while inbox and inbox[0].arrived <= self.now:
            waiting.append(inbox.popleft())
        if self._deadlines and self._deadlines[0][0] <= self.now:
            self._give_up()
        if not self._running and not waiting:
            return self._sleep(until)
        while self._due[self._steps & _MASK] > self._free:
            self._throw_out()
        if waiting and self._thrown_at != self._steps:
            self._admit()
        return self._prompt_step(until) if self._prefilling else self._token_run(until)

    def _sleep(self, until: float) -> bool:
        if self._inbox and self._inbox[0].arrived <= until:
            self.now = max(self.now, self._inbox[0].arrived)
            return True
        self.now = max(self.now, until)
        return False

    def _admit(self) -> None:
        budget = self.physics.max_num_batched_tokens - self._decoding - self._pending
        free = self._free - self._due[self._steps & _MASK]  # who decodes comes first
        while self._waiting and budget > 0 and len(self._running) < self.physics.max_num_seqs:
            head = self._waiting[0]
            blocks = -(-head.need // BLOCK)
            if blocks > free:
                return
            self._waiting.popleft()
            self._running[head] = None
            self._prefilling.append(head)
            head.left = head.need
            self._pending += head.need
            self._free -= blocks
            free, budget = free - blocks, budget - head.need
            if head.scheduled < 0:
                head.scheduled = self.now

    def _prompt_step(self, until: float) -> bool:
        decoding = self._decoding
        tokens = min(self._pending, max(self.physics.max_num_batched_tokens - decoding, 1))
        took = self._pace.step(decoding + len(self._prefilling), self._cached, tokens)
        if self.now + took > until:
            return False
        self.now += took
        if decoding:
            self._free -= self._due[self._steps & _MASK]
            self._cached += decoding
            self.generation_tokens += decoding
            self.token_gap.observe(took, decoding)
        self._steps += 1
        self._pending -= tokens
        while tokens:
            head = self._prefilling[0]
            part = min(head.left, tokens)
            head.left -= part
            tokens -= part
            if not head.left:
                self._prefilling.popleft()
                self._begin(head)
        self._end_due()
        return True

    def _token_run(self, until: float) -> bool:
        decoding, ends = self._decoding, self._ends
        while ends[0][2] != ends[0][3].age or ends[0][3].done:
            heapq.heappop(ends)
        count = runs.affordable(ends[0][0] - self._steps, decoding, self._free, self._due, self._steps)
        first, growth = self._pace.step(decoding, self._cached), self._pace.per_cached * decoding
        count = runs.fitting(count, first, growth, self._next_event(until) - self.now, until - self.now)
        if not count:
            return False
        took = runs.lasting(count, first, growth)
        self._free -= runs.blocks(count, decoding, self._due, self._steps)
        self.now += took
        self._steps += count
        self._cached += decoding * count
        self.generation_tokens += decoding * count
        self.token_gap.observe(took / count, decoding * count)
        self._end_due()
        return True

    def _next_event(self, until: float) -> float:
        """Return when someone comes or gives up: the first step that ends after it is the last of a run."""
        while self._deadlines and self._deadlines[0][2].done:
            heapq.heappop(self._deadlines)
        event = self._deadlines[0][0] if self._deadlines else until
        return min(event, self._inbox[0].arrived) if self._inbox else event

    # Requests begin, end and are thrown out --------------------------------------------------------------

    def _begin(self, request: Request) -> None:
        """Make the first token after a prompt; from then on it decodes."""
        if request.made:
            self.token_gap.observe(self.now - request.last)
        else:
            self.first_token.observe(self.now - request.arrived)
            self.prompt_tokens += request.prompt
        self.generation_tokens += 1
        request.made += 1
        request.since = self._steps
        self._decoding += 1
        self._cached += request.need
        self._due[(self._steps - request.need) & _MASK] += 1
        last = self._steps + request.output - request.made
        heapq.heappush(self._ends, (last, next(self._order), request.age, request))

    def _end_due(self) -> None:
        ends = self._ends
        while ends and ends[0][0] <= self._steps:
            _, _, age, request = heapq.heappop(ends)
            if age != request.age or request.done:
                continue
            self._leave(request)
            self.successes["stop"] += 1
            self.whole.observe(self.now - request.arrived)
            self.queued.observe(request.scheduled - request.arrived)
            self.prompts.observe(request.prompt)
            self.outputs.observe(request.output)
            self._tell(request, "served")

    def _leave(self, request: Request) -> None:
        """Take a request out of the batch and give its blocks back."""
        del self._running[request]
        if request.since < 0:
            self._prefilling.remove(request)
            self._pending -= request.left
            self._free += -(-request.need // BLOCK)
            return
        cached = request.need + self._steps - request.since
        self._due[(request.since - request.need) & _MASK] -= 1
        self._decoding -= 1
        self._cached -= cached
        self._free += -(-cached // BLOCK)

    def _throw_out(self) -> None:
        """Make room: the latest goes back to the head of the queue, and nobody is admitted in this step."""
        latest = next(reversed(self._running))
        self._leave(latest)
        if latest.since >= 0:
            latest.made += self._steps - latest.since
            latest.need, latest.since, latest.last = latest.prompt + latest.made, -1, self.now
        latest.age += 1
        self._waiting.appendleft(latest)
        self._thrown_at = self._steps
        self.preemptions += 1

    def _give_up(self) -> None:
        while self._deadlines and self._deadlines[0][0] <= self.now:
            request = heapq.heappop(self._deadlines)[2]
            if not request.done:
                self._tell(request, "gave up")
                self._abort(request)

    def _abort(self, request: Request) -> None:
        if request in self._running:
            self._leave(request)
        else:
            self._waiting.remove(request)
        self.successes["abort"] += 1

    def _hang(self, until: float) -> None:
        """Let requests come and clients give up; the engine hears of neither before it goes on."""
        while self._inbox and self._inbox[0].arrived <= until:
            self._waiting.append(self._inbox.popleft())
        while self._deadlines and self._deadlines[0][0] <= until:
            request = heapq.heappop(self._deadlines)[2]
            if not request.done:
                self._tell(request, "gave up")
                self._gone.append(request)

    def _tell(self, request: Request, outcome: Outcome) -> None:
        request.done = True
        self._open -= 1
        if request.sender is not None:
            request.sender.ended(request, outcome)
