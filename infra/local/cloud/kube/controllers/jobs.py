"""Jobs: pods until enough have succeeded, too many have failed, or the time is up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from infra.local.cloud.kube.controllers.loop import Controller, Site, record
from infra.local.cloud.kube.controllers.pods import POD, make_pod, missing_account, stop
from infra.local.cloud.kube.controllers.values import (
    condition,
    ending,
    finished,
    holds,
    made_condition,
    owner_of,
    timed,
    when,
)
from infra.local.cloud.kube.values import Object, at, meta, stamp

JOB = "Job.batch"
_BACK_OFF = timedelta(seconds=10)
_LONGEST = timedelta(minutes=6)
_RETRIES = 6


class Jobs(Controller):
    """Reconciles one Job whenever it, one of its pods, or a service account changes."""

    kinds: ClassVar = (JOB, POD, "ServiceAccount")

    def heard(self, site: Site, event: str, kind: str, obj: Object) -> None:
        """Look at the Job, at a pod's owner, or at all that may wait for an account."""
        if kind == "ServiceAccount":
            self.wake_all(site, JOB, meta(obj)["namespace"])
        elif kind == JOB:
            super().heard(site, event, kind, obj)
        elif owner := owner_of(obj, "Job"):
            self.wake(site, meta(obj)["namespace"], owner["name"])

    def look(self, site: Site, namespace: str, name: str) -> None:
        """Count, decide whether it is over, else see to it that pods run."""
        job = site.objects.get(JOB, namespace, name)
        if job is None or ending(job):
            return
        mine = [p for p in site.objects.all(POD, namespace) if _owned(p, job)]
        if _over(job):
            self._after(site, job, mine)
            return
        verdict = self._verdict(site, job, mine)
        if verdict is None and not at(job, "spec", "suspend"):
            self._run(site, job, mine)
        for pod in mine if verdict else ():
            if not finished(pod):
                stop(site, pod)
        self._report(site, job, verdict)

    def _verdict(self, site: Site, job: Object, mine: list[Object]) -> Object | None:
        limit = at(job, "spec", "backoffLimit")
        if _count(mine, "Succeeded") >= _completions(job):
            return made_condition("Complete", True, "CompletionsReached", "Reached expected number of succeeded pods")
        if _failures(mine) > (_RETRIES if limit is None else limit):
            text = "Job has reached the specified backoff limit"
            return made_condition("Failed", True, "BackoffLimitExceeded", text)
        allowed, begun = at(job, "spec", "activeDeadlineSeconds"), when(at(job, "status", "startTime"))
        if allowed is not None:
            due = (begun or self.world.now) + timedelta(seconds=allowed)
            if self.reached(due, site, job):
                text = "Job was active longer than specified deadline"
                return made_condition("Failed", True, "DeadlineExceeded", text)
        return None

    def _run(self, site: Site, job: Object, mine: list[Object]) -> None:
        active = [p for p in mine if not finished(p)]
        left = _completions(job) - _count(mine, "Succeeded")
        parallel = at(job, "spec", "parallelism")
        missing = min(left, 1 if parallel is None else parallel) - len(active)
        if missing <= 0 or not self.reached(_next_try(mine, self.world.now), site, job):
            return
        failure = missing_account(site, job["spec"]["template"], meta(job)["namespace"])
        if failure:
            record(site, job, "Warning", "FailedCreate", f"Error creating: {failure}", "job-controller")
            return
        for _ in range(missing):
            made = make_pod(site, job, job["spec"]["template"], "job-controller", _labels(job))
            if made:
                record(site, job, "Normal", "SuccessfulCreate", f"Created pod: {made}", "job-controller")

    def _report(self, site: Site, job: Object, verdict: Object | None) -> None:
        mine = [p for p in site.objects.all(POD, meta(job)["namespace"]) if _owned(p, job)]
        active = [p for p in mine if not finished(p) and not ending(p)]
        old = job.get("status") or {}
        counts = {
            "active": len(active),
            "ready": sum(holds(p, "Ready") for p in active),
            "succeeded": _count(mine, "Succeeded"),
            "failed": _count(mine, "Failed"),
        }
        status = {"startTime": old.get("startTime") or stamp(self.world.now)}
        status |= {name: count for name, count in counts.items() if count}
        if verdict:
            kind = "SuccessCriteriaMet" if verdict["type"] == "Complete" else "FailureTarget"
            both = [{**verdict, "type": kind}, verdict]
            status["conditions"] = timed(old.get("conditions"), both, self.world.now)
            if verdict["type"] == "Complete":
                status["completionTime"] = stamp(self.world.now)
            event = "Normal" if verdict["type"] == "Complete" else "Warning"
            record(site, job, event, verdict["reason"], verdict["message"], "job-controller")
        site.objects.set_status(job, status)

    def _after(self, site: Site, job: Object, mine: list[Object]) -> None:
        for pod in mine:
            if not finished(pod):
                stop(site, pod)
        keep = at(job, "spec", "ttlSecondsAfterFinished")
        last = condition(job, "Complete") or condition(job, "Failed")
        ended = when(last.get("lastTransitionTime"))
        if keep is not None and ended and self.reached(ended + timedelta(seconds=keep), site, job):
            site.objects.delete(JOB, meta(job)["namespace"], meta(job)["name"])


def _over(job: Object) -> bool:
    return holds(job, "Complete") or holds(job, "Failed")


def _owned(pod: Object, job: Object) -> bool:
    owner = owner_of(pod, "Job")
    return owner is not None and owner["uid"] == meta(job)["uid"]


def _completions(job: Object) -> int:
    wanted = at(job, "spec", "completions")
    return 1 if wanted is None else int(wanted)


def _count(pods: list[Object], phase: str) -> int:
    return sum(at(p, "status", "phase") == phase for p in pods)


def _failures(pods: list[Object]) -> int:
    """Failed pods, and restarts of containers inside pods that restart them."""
    statuses = [c for p in pods for c in at(p, "status", "containerStatuses") or ()]
    return _count(pods, "Failed") + sum(int(c.get("restartCount", 0)) for c in statuses)


def _next_try(pods: list[Object], now: datetime) -> datetime:
    """When the next pod may be made: the pause doubles with each failure."""
    ends = [end for p in pods if at(p, "status", "phase") == "Failed" if (end := _ended(p))]
    if not ends:
        return now
    return max(ends) + min(_BACK_OFF * int(2 ** (len(ends) - 1)), _LONGEST)


def _ended(pod: Object) -> datetime | None:
    stamps = [at(c, "state", "terminated", "finishedAt") for c in at(pod, "status", "containerStatuses") or ()]
    return max((found for text in stamps if (found := when(text))), default=None)


def _labels(job: Object) -> dict[str, str]:
    name, uid = meta(job)["name"], meta(job)["uid"]
    return {
        "batch.kubernetes.io/job-name": name,
        "batch.kubernetes.io/controller-uid": uid,
        "job-name": name,
        "controller-uid": uid,
    }
