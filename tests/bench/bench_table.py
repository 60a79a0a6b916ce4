"""Tables for the terminal and as Markdown, and the goals they are held against."""

import bench_agree

NONE = "-"


class Table:
    def __init__(self, title, head):
        self.title, self.head, self.rows, self.notes = title, head, [], []

    def add(self, *cells):
        self.rows.append([str(c) for c in cells])

    def _widths(self):
        return [max(len(r[i]) for r in [self.head, *self.rows]) for i in range(len(self.head))]

    def text(self):
        """Aligned: the first column to the left, the others to the right."""
        widths = self._widths()
        lines = [self.title, ""]
        for row in [self.head, *self.rows]:
            lines.append("  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                                   for i, (c, w) in enumerate(zip(row, widths))).rstrip())
        return "\n".join(lines + [""] * bool(self.notes) + self.notes) + "\n"

    def markdown(self):
        lines = [f"**{self.title}**", "", "| " + " | ".join(self.head) + " |",
                 "|---" + "|---:" * (len(self.head) - 1) + "|"]
        lines += ["| " + " | ".join(r) + " |" for r in self.rows]
        for note in self.notes:
            lines += ["", note]
        return "\n".join(lines) + "\n"


def number(value):
    return NONE if value is None else f"{value:,.0f}"


def ratio(a, b):
    return NONE if not a or not b else f"{a / b:.2f}"


def _ns(counted, case, program):
    figure = counted.first(case.name, program)
    return figure.ns_per_io if figure else None


def instructions(counted, cases):
    """Instructions per I/O, cases without a device's delay."""
    t = Table("Guest instructions per I/O, 4 KiB random reads",
              ["case", "blkjob", "fio", "fio tuned", "t/io_uring", "fio ÷ blkjob",
               "tuned ÷ blkjob", "blkjob ÷ t/io_uring"])
    for case in cases:
        if case.device == "delay":
            continue
        ours, fio, tuned, uring = (_ns(counted, case, p) for p in
                                   ("blkjob", "fio", "tuned", "uring"))
        t.add(case.title, number(ours), number(fio), number(tuned), number(uring),
              ratio(fio, ours), ratio(tuned, ours), ratio(ours, uring))
    return t


def against(counted, cases, bounds):
    """blkjob beside its bounds."""
    t = Table("Guest instructions per I/O of blkjob", ["case", "bound", "seen", "change"])
    for case in cases:
        bound, seen = bounds.get(case.name), _ns(counted, case, "blkjob")
        if bound or seen:
            t.add(case.name, f"{bound:.1f}" if bound else NONE, f"{seen:.1f}" if seen else NONE,
                  f"{100 * (seen / bound - 1):+.2f} %" if bound and seen else NONE)
    return t


def delayed(counted, cases):
    """A device that takes 100 us: what the program adds to it."""
    t = Table("A device of exactly 100 us, one instruction a nanosecond",
              ["case", "blkjob p50 us", "fio p50 us", "tuned p50 us", "blkjob IOPS", "fio IOPS",
               "tuned IOPS", "t/io_uring IOPS", "blkjob ÷ fio"])
    for case in cases:
        if case.device != "delay":
            continue
        found = [counted.first(case.name, p) for p in ("blkjob", "fio", "tuned")]
        iops = [1e9 / f.ns_per_io if f else None for f in found]
        uring = _ns(counted, case, "uring")
        t.add(case.title, *(f"{f.lat_p50_ns / 1000:.1f}" if f else NONE for f in found),
              *(number(v) for v in iops), number(1e9 / uring if uring else None),
              ratio(iops[0], iops[1]))
    return t


def agreement(counted, cases):
    """Percentiles of both programs, and of a program that would take no time at all."""
    t = Table("Percentiles beside fio, clat in us",
              ["case", "percentile", "device alone", "blkjob", "fio", "difference"])
    for case in cases:
        alone, by = bench_agree.device_alone(case), counted.agreement.get(case.name, {})
        for p in bench_agree.SHOWN:
            d = bench_agree.difference_pct(counted, case, p)
            t.add(case.title, f"p{p}", f"{alone[p] / 1000:,.1f}",
                  *(f"{by[x].ns[p] / 1000:,.1f}" if x in by and p in by[x].ns else NONE
                    for x in ("blkjob", "fio")), NONE if d is None else f"{d:+.1f} %")
        t.notes += [f"{case.title}: {x}: {r.reason}" for x, r in by.items() if r.reason]
    n = [r.n for by in counted.agreement.values() for r in by.values() if r.n]
    if n:
        t.notes.append(f"{min(n):,} to {max(n):,} requests a run.")
    return t


# What the engine is to reach: case, figure, program it is compared to (None: itself), at most
# (or, for "iops", at least).
GOALS = [
    ("null_qd1", "instructions", None, 200),
    ("null_qd32", "instructions", None, 200),
    ("zero_qd32", "instructions", "fio", 0.22),
    ("zero_qd32", "instructions", "tuned", 0.50),
    ("nullblk_qd32", "instructions", "fio", 0.50),
    ("nullblk_qd32", "instructions", "uring", 1.10),
    ("nullblk_polled", "instructions", "uring", 1.10),
    ("delay_qd1", "p50 ns", None, 110000),
    ("delay_qd32", "iops", "fio", 1.7),
]
NAMES = {"fio": "fio", "tuned": "fio tuned", "uring": "t/io_uring"}


def _agreement_goals(t, counted, agree):
    for case in agree:
        worst = bench_agree.worst_pct(counted, case)
        if worst is not None:
            t.add(f"{case.title}: p50 to p99 within {bench_agree.TOLERANCE_PCT} % of fio's",
                  f"{worst:.1f} %", "yes" if worst <= bench_agree.TOLERANCE_PCT else "no")


def goals(counted, cases, agree):
    t = Table("Goals", ["goal", "seen", "met"])
    ran = {case.name: case for case in cases}
    for name, kind, other, bound in GOALS:
        case = ran.get(name)
        ours = counted.first(name, "blkjob") if case else None
        theirs = _ns(counted, case, other) if ours and other else None
        if not ours or (other and not theirs):
            continue
        if kind == "iops":
            seen, is_met = theirs / ours.ns_per_io, theirs / ours.ns_per_io >= bound
        else:
            seen = ours.lat_p50_ns if kind == "p50 ns" else ours.ns_per_io
            seen = seen / theirs if other else seen
            is_met = seen <= bound
        sign = "≥" if kind == "iops" else "≤"
        text = f"{case.title}: {kind} {sign} {bound:,}" + (f" × {NAMES[other]}" if other else "")
        t.add(text, f"{seen:.2f}" if other else number(seen), "yes" if is_met else "no")
    _agreement_goals(t, counted, agree)
    return t


def host(rows):
    """@rows of bench_host: CPU time of whole processes."""
    t = Table("Host: CPU ns per I/O (user and system, whole process), medians",
              ["case", "blkjob", "fio", "fio ÷ blkjob", "pairs"])
    for row in rows:
        t.add(row.title, number(row.ours), number(row.fio),
              f"{row.ratio:.2f}" if row.ratio else NONE, row.n_pairs or NONE)
        if row.reason:
            t.notes.append(f"{row.title}: {row.reason}")
    own = {row.name: row for row in rows if row.name in ("null_qd1", "null_qd32") and row.ours}
    if len(own) == 2:
        t.notes.append("What the engine adds to each request, from the null engine: "
                       f"{number(own['null_qd1'].ours)} ns at QD1, "
                       f"{number(own['null_qd32'].ours)} ns at QD32.")
    return t
