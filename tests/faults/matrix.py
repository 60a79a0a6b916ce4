"""What was named against what was done: the judgement of one run, and the confusion matrix. Pure."""

from dataclasses import dataclass, field

from catalogue import ALWAYS

LEAST_RIGHT = 0.9
LEAST_CAUSES = 12
POSSIBLE = "possible"
RANK = {POSSIBLE: 0, "likely": 1, "certain": 2}


def named(document):
    """{cause: confidence} of all that a diagnosis names, wherever it stands: of the run, a trial or
    a job. The surest of each."""
    found = {}

    def take(findings):
        for f in findings or ():
            cause, sure = f["cause"], f.get("confidence", POSSIBLE)
            if cause not in found or RANK[sure] > RANK[found[cause]]:
                found[cause] = sure

    take(document.get("findings"))
    for trial in document.get("trials", ()):
        take(trial.get("findings"))
        for j in trial.get("jobs", ()):
            take(j.get("findings"))
    return found


def missing(causes, found):
    """Of what must be named, what is not."""
    return [c for c in causes if not any(one in found for one in c.split("|"))]


@dataclass
class Outcome:
    """One run of an entry. @skipped or @failed: a reason instead of a judgement."""
    fault: object
    which: str
    found: dict = field(default_factory=dict)
    skipped: str = None
    failed: str = None
    seconds: float = 0
    evidence: list = field(default_factory=list)  # (cause, confidence, text)

    @property
    def label(self):
        return f"{self.fault.name}/{self.which}"

    @property
    def is_judged(self):
        return self.skipped is None

    @property
    def missing(self):
        return missing(self.fault.causes, self.found)

    @property
    def extra(self):
        """What was named and must not be."""
        wanted = {one for c in self.fault.causes for one in c.split("|")}
        wanted.update(self.fault.may, ALWAYS)
        return [c for c, sure in self.found.items() if c not in wanted and
                (self.fault.is_control or sure != POSSIBLE)]

    @property
    def is_right(self):
        return not self.failed and not self.missing and not self.extra

    def says(self):
        if self.skipped:
            return "skipped: " + self.skipped
        if self.failed:
            return "FAILED: " + self.failed
        words = [f"{c} was not named" for c in self.missing]
        words += [f"{c} was named ({self.found[c]})" for c in self.extra]
        return "right" if not words else "WRONG: " + ", ".join(words)


@dataclass
class Result:
    outcomes: list

    @property
    def judged(self):
        """The entries with a fault."""
        return [o for o in self.outcomes if o.is_judged and not o.fault.is_control]

    @property
    def controls(self):
        return [o for o in self.outcomes if o.is_judged and o.fault.is_control]

    @property
    def share_right(self):
        judged = self.judged
        return sum(o.is_right for o in judged) / len(judged) if judged else 0

    @property
    def causes(self):
        """Distinct first causes that were judged."""
        return sorted({o.fault.causes[0] for o in self.judged})

    def complaints(self, is_whole):
        """Why this is not good enough; empty: it is. @is_whole: not a choice of entries."""
        words = []
        if self.share_right < LEAST_RIGHT and self.judged:
            words.append(f"{100 * self.share_right:.0f} % were named right, and "
                         f"{100 * LEAST_RIGHT:.0f} % must be")
        if is_whole and len(self.causes) < LEAST_CAUSES:
            words.append(f"{len(self.causes)} causes were judged, and {LEAST_CAUSES} must be")
        if is_whole and len(self.controls) < 2:
            words.append(f"{len(self.controls)} calm controls ran, and 2 must")
        words += [f"calm control {o.label}: {o.says()}" for o in self.controls if not o.is_right]
        return words


# --- the table ---

def columns(outcomes):
    """Causes that must be named, in the entries' order, then all others that were."""
    order = []
    for o in outcomes:
        for c in o.fault.causes:
            order += c.split("|")
    for o in outcomes:
        order += o.found
    return [c for c in dict.fromkeys(order) if c not in ALWAYS]


def mark(outcome, cause):
    """X: must be named and was; -: must be and was not; +: may be and was; !: must not be and was;
    ?: only possible; . nothing."""
    must = {one for c in outcome.fault.causes for one in c.split("|")}
    sure = outcome.found.get(cause)
    if cause in must:
        return "X" if sure else "-" if any(cause in c.split("|") for c in outcome.missing) else "."
    if not sure:
        return "."
    if cause in outcome.extra:
        return "!"
    return "?" if sure == POSSIBLE else "+"


def text(result):
    """For a terminal: columns by number, as the names are long."""
    ran = [o for o in result.outcomes if o.is_judged]
    names = columns(ran)
    width = max([len(o.label) for o in ran], default=0)
    head = "done on purpose".ljust(width) + "  named: "
    lines = [head + " ".join(f"{i + 1:2}" for i in range(len(names)))]
    for o in ran:
        marks = " ".join(f" {mark(o, c)}" for c in names)
        lines.append(o.label.ljust(len(head)) + marks + ("" if o.is_right else "   <-- " + o.says()))
    lines += ["", "X must be named and was, - and was not; + may be named, ? only as possible; ! must "
              "not be named"]
    cells = [f"{i + 1:2} {c}" for i, c in enumerate(names)]
    lines += ["  ".join(c.ljust(24) for c in cells[i:i + 4]).rstrip()
              for i in range(0, len(cells), 4)]
    lines += [f"skipped {o.label}: {o.skipped}" for o in result.outcomes if not o.is_judged]
    return "\n".join(lines)


def summary(result):
    right = sum(o.is_right for o in result.judged)
    calm = sum(o.is_right for o in result.controls)
    return (f"{right} of {len(result.judged)} faults named right ({100 * result.share_right:.0f} %), "
            f"{len(result.causes)} causes; {calm} of {len(result.controls)} calm controls without "
            f"a finding; {sum(not o.is_judged for o in result.outcomes)} skipped")


def markdown(result):
    ran = [o for o in result.outcomes if o.is_judged]
    names = columns(ran)
    lines = ["# What was done on purpose, and what was named", "", summary(result) + ".", "",
             "| done on purpose | " + " | ".join(names) + " | |",
             "|---" * (len(names) + 2) + "|"]
    lines += [f"| {o.label}: {o.fault.what} | " + " | ".join(mark(o, c) for c in names) +
              f" | {o.says()} |" for o in ran]
    lines += ["", "X must be named and was, - and was not; + may be named, ? only as possible, "
              "! must not be named.", ""]
    for o in result.outcomes:
        lines += [f"## {o.label}", "", f"{o.fault.what}. {o.says()}.", ""]
        lines += [f"- **{cause}** ({sure}): {evidence}" for cause, sure, evidence in o.evidence]
        lines += [""]
    return "\n".join(lines)


def as_json(result):
    return {"share_right": result.share_right, "causes": result.causes, "entries": [
        {"entry": o.fault.name, "set": o.which, "must": o.fault.causes, "may": o.fault.may,
         "named": o.found, "right": o.is_right, "skipped": o.skipped, "failed": o.failed,
         "seconds": round(o.seconds, 1)} for o in result.outcomes]}
