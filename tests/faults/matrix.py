"""What was named against what was done: the judgement of one run, and the confusion matrix. Pure."""

from dataclasses import dataclass, field

from catalogue import ALWAYS, FAULTS, SYMPTOMS

LEAST_RIGHT = 0.9
LEAST_CAUSES = 12
LEAST_CONTROLS = 6
MOST_SKIPPED = 3
EMULATED = "emulated-cpu"
POSSIBLE = "possible"
RANK = {POSSIBLE: 0, "likely": 1, "certain": 2}


def findings_of(document):
    """All that a diagnosis names, wherever it stands: of the run, a trial or a job."""
    for place in [document] + [p for trial in document["trials"] for p in [trial] + trial["jobs"]]:
        yield from place["findings"]


def named(document):
    """{cause: confidence}, the surest of each."""
    found = {}
    for f in findings_of(document):
        cause, sure = f["cause"], f["confidence"]
        if cause not in found or RANK[sure] > RANK[found[cause]]:
            found[cause] = sure
    return found


def surest(cause, found):
    """Of "a|b", the one that was named with the most confidence; None: neither was."""
    return max((one for one in cause.split("|") if one in found),
               key=lambda one: RANK[found[one]], default=None)


def each_must(faults):
    """The causes that some of @faults must be named by."""
    return {one for f in faults for c in f.causes for one in c.split("|")}


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
    before: object = None  # of a calm control that was run again: what the first run had

    @property
    def label(self):
        return f"{self.fault.name}/{self.which}"

    @property
    def is_judged(self):
        return self.skipped is None

    def least(self):
        """How sure a cause that must be named must be at least."""
        excused = self.fault.unsure and EMULATED in self.found
        return RANK[POSSIBLE if excused else "likely"]

    @property
    def missing(self):
        """Of what must be named, what is not, or not surely enough."""
        sure = {c: surest(c, self.found) for c in self.fault.causes}
        return [c for c, one in sure.items() if one is None or RANK[self.found[one]] < self.least()]

    @property
    def wanted(self):
        return each_must([self.fault])

    @property
    def extra(self):
        """What was named and must not be."""
        allowed = self.wanted.union(self.fault.may, ALWAYS)
        return [c for c, sure in self.found.items() if c not in allowed and
                (self.fault.is_control or sure != POSSIBLE)]

    @property
    def is_right(self):
        return not self.failed and not self.missing and not self.extra

    # --- the same, strictly ---

    def rivals(self, others):
        """Which of @others, causes that other entries must be named by, were named as surely as the
        least sure of ours, or more; what may be named besides is no excuse."""
        ours = [surest(c, self.found) for c in self.fault.causes]
        sure = min((RANK[self.found[one]] if one else -1 for one in ours), default=-1)
        return [c for c, how in self.found.items() if c in others and c not in self.wanted and
                c not in ALWAYS + SYMPTOMS and RANK[how] >= sure]

    def is_strictly_right(self, others):
        """One who reads only the surest of what was named, and nothing that is merely possible, is
        led to the fault and to nothing that another entry makes."""
        ours = [surest(c, self.found) for c in self.fault.causes]
        return (self.is_right and not self.rivals(others) and
                all(RANK[self.found[one]] > RANK[POSSIBLE] for one in ours))

    def says(self):
        if self.skipped:
            return "skipped: " + self.skipped
        if self.failed:
            return "FAILED: " + self.failed
        words = [f"{c} was only possible" if surest(c, self.found) else f"{c} was not named"
                 for c in self.missing]
        words += [f"{c} was named ({self.found[c]})" for c in self.extra]
        words = "right" if not words else "WRONG: " + ", ".join(words)
        return words + (f" (run again; at first {self.before.says()})" if self.before else "")


@dataclass
class Result:
    """@faults: the whole catalogue, whatever of it ran."""
    outcomes: list
    faults: list = field(default_factory=lambda: FAULTS)

    @property
    def judged(self):
        """The entries with a fault."""
        return [o for o in self.outcomes if o.is_judged and not o.fault.is_control]

    @property
    def controls(self):
        return [o for o in self.outcomes if o.is_judged and o.fault.is_control]

    @property
    def share_right(self):
        return self.share([o for o in self.judged if o.is_right])

    def share(self, outcomes):
        """What part of the entries with a fault @outcomes are."""
        return len(outcomes) / len(self.judged) if self.judged else 0

    @property
    def skipped(self):
        return [o for o in self.outcomes if not o.is_judged]

    @property
    def causes(self):
        """Distinct causes that were named right: of each right entry the first, and of "a|b" the one
        that was named."""
        return sorted({surest(o.fault.causes[0], o.found) for o in self.judged if o.is_right})

    @property
    def strictly_right(self):
        others = each_must(self.faults)
        return [o for o in self.judged if o.is_strictly_right(others)]

    def doubts(self):
        """Why entries that are right are not strictly so."""
        others, strictly, words = each_must(self.faults), self.strictly_right, []
        for o in self.judged:
            if not o.is_right or o in strictly:
                continue
            beside = [f"{c} is as sure ({o.found[c]})" for c in o.rivals(others)]
            ours = [surest(c, o.found) for c in o.fault.causes]
            weak = [f"{c} is only possible" + (f": {o.fault.unsure}" if o.fault.unsure else "")
                    for c in ours if o.found[c] == POSSIBLE]
            words.append(f"{o.label}: " + ", ".join(weak + beside))
        return words

    def complaints(self, is_whole, most_skipped=MOST_SKIPPED):
        """Why this is not good enough; empty: it is. @is_whole: not a choice of entries."""
        words = []
        if self.share_right < LEAST_RIGHT and self.judged:
            words.append(f"{100 * self.share_right:.0f} % were named right, and "
                         f"{100 * LEAST_RIGHT:.0f} % must be")
        if is_whole and len(self.causes) < LEAST_CAUSES:
            words.append(f"{len(self.causes)} causes were named right, and {LEAST_CAUSES} must be")
        if is_whole and len(self.controls) < LEAST_CONTROLS:
            words.append(f"{len(self.controls)} calm controls ran, and {LEAST_CONTROLS} must")
        if len(self.skipped) > most_skipped:
            words.append(f"{len(self.skipped)} entries were skipped, and {most_skipped} may be: " +
                         "; ".join(f"{o.label}, {o.skipped}" for o in self.skipped))
        words += [f"calm control {o.label}: {o.says()}" for o in self.controls if not o.is_right]
        return words


# --- the table ---

def columns(outcomes):
    """Causes that must be named, in the entries' order, then all others that were."""
    order = [one for o in outcomes for c in o.fault.causes for one in c.split("|")]
    for o in outcomes:
        order += o.found
    return [c for c in dict.fromkeys(order) if c not in ALWAYS]


def mark(outcome, cause):
    """X: must be named and was, x: as possible; -: must be and was not; +: may be and was; !: must
    not be and was; ?: only possible; . nothing."""
    sure = outcome.found.get(cause)
    if cause in outcome.wanted:
        if sure:
            return "x" if sure == POSSIBLE else "X"
        return "-" if any(cause in c.split("|") for c in outcome.missing) else "."
    if not sure:
        return "."
    if cause in outcome.extra:
        return "!"
    return "?" if sure == POSSIBLE else "+"


LEGEND = ("X must be named and was, x only as possible, - was not; + may be named, ? only as "
          "possible; ! must not be named")


def text(result):
    """For a terminal: columns by number, as the names are long."""
    ran = [o for o in result.outcomes if o.is_judged]
    names = columns(ran)
    width = max([len(o.label) for o in ran], default=0)
    head = "done on purpose".ljust(width) + "  named: "
    lines = [head + " ".join(f"{i + 1:2}" for i in range(len(names)))]
    for o in ran:
        marks = " ".join(f" {mark(o, c)}" for c in names)
        lines.append(o.label.ljust(len(head)) + marks + ("" if o.is_right and not o.before else "   <-- " + o.says()))
    lines += ["", LEGEND]
    cells = [f"{i + 1:2} {c}" for i, c in enumerate(names)]
    lines += ["  ".join(c.ljust(24) for c in cells[i:i + 4]).rstrip()
              for i in range(0, len(cells), 4)]
    lines += [f"skipped {o.label}: {o.skipped}" for o in result.outcomes if not o.is_judged]
    lines += [f"not strictly right {d}" for d in result.doubts()]
    return "\n".join(lines)


def summary(result):
    right = sum(o.is_right for o in result.judged)
    calm = sum(o.is_right and not o.before for o in result.controls)
    again = [o.label for o in result.controls if o.is_right and o.before]
    return (f"{right} of {len(result.judged)} faults named right ({100 * result.share_right:.0f} %), "
            f"{len(result.strictly_right)} of them strictly "
            f"({100 * result.share(result.strictly_right):.0f} %), {len(result.causes)} causes; "
            f"{calm} of {len(result.controls)} calm controls without a finding" +
            (f", {len(again)} more when run again ({', '.join(again)})" if again else "") +
            f"; {len(result.skipped)} skipped" +
            "".join(f", {o.label}" for o in result.skipped))


def markdown(result):
    ran = [o for o in result.outcomes if o.is_judged]
    names = columns(ran)
    lines = ["# What was done on purpose, and what was named", "", summary(result) + ".", "",
             "| done on purpose | " + " | ".join(names) + " | |",
             "|---" * (len(names) + 2) + "|"]
    lines += [f"| {o.label}: {o.fault.what} | " + " | ".join(mark(o, c) for c in names) +
              f" | {o.says()} |" for o in ran]
    lines += ["", LEGEND + ".", "",
              "Strictly right: the cause is at least likely, and nothing that another entry must be "
              "named by is as sure, may it be named or not.", ""]
    lines += [f"- not strictly right: {d}" for d in result.doubts()] + [""]
    for o in result.outcomes:
        lines += [f"## {o.label}", "", f"{o.fault.what}. {o.says()}.", ""]
        lines += [f"- **{cause}** ({sure}): {evidence}" for cause, sure, evidence in o.evidence]
        lines += [""]
    return "\n".join(lines)


def as_json(result):
    return {"share_right": result.share_right,
            "share_strictly_right": result.share(result.strictly_right),
            "causes": result.causes, "doubts": result.doubts(), "entries": [
        {"entry": o.fault.name, "set": o.which, "must": o.fault.causes, "may": o.fault.may,
         "named": o.found, "right": o.is_right, "skipped": o.skipped, "failed": o.failed,
         "seconds": round(o.seconds, 1)} for o in result.outcomes]}
