"""The KPIs of a plan that are about rows: whose exams are taken, and whose rows are a sample."""

from collections.abc import Callable

from modelward.benchmark.contract import KpiReport, PlanKpi, Repeats, RunnerPlan
from modelward.runner import report
from modelward.runner.exam import Exam
from modelward.runner.marking import Marking
from modelward.runner.progress import Progress
from modelward.runner.side import Side


class Examination:
    """Has the rows of each data set asked, as an exam and as a sample.

    An exam whose answers differ when rows are asked twice is given up, and its rows are drawn as a
    sample. Nothing of the exam counts then: twenty rows of which some are known to differ are no
    fair beginning, and draws that don't depend on them are.
    """

    def __init__(self, plan: RunnerPlan) -> None:
        self._plan = plan
        self._kpis = plan.kpis
        """As they are judged: with what was found about their answers."""
        self._found: dict[str, Repeats] = {}
        self._differing = ""
        self._exams: list[Exam] = []
        self._taken: set[tuple[str, bool]] = set()
        """Names of the KPIs that rows were asked for, and whether as a sample."""

    @property
    def datasets(self) -> list[str]:
        """The data sets whose rows are to be asked, in the order of the KPIs. Raises ValueError."""
        names = dict.fromkeys(kpi.dataset for kpi in self._kpis if _is_open(kpi))
        if None in names:
            raise ValueError("a KPI on rows names no data set")
        return [name for name in names if name]

    async def take(
        self,
        dataset: str,
        candidate: Side,
        stable: Side | None,
        is_over: Callable[[Exam], bool],
    ) -> bool:
        """Ask the rows of a data set for KPIs that are not measured yet; False where none are left.

        Those of its sample come first, then those of its exam, and then, as another sample, those
        whose exam was given up. After each row `is_over` tells whether the rows so far are enough.
        """
        kpis = self._next(dataset)
        if not kpis:
            return False
        sampled, paired = kpis[0].is_sample, any(kpi.versus for kpi in kpis)
        baseline = stable.examinee(dataset, sampled) if stable and paired else None
        starts = [report.exam_start(kpi) for kpi in kpis]
        exam = Exam(candidate.examinee(dataset, sampled), baseline, kpis, starts, is_over)
        self._taken |= {(kpi.name, sampled) for kpi in kpis}
        self._exams.append(exam)
        try:
            await exam.take()
        finally:
            # Also where time is up: it stays known for a run that goes on from here.
            if exam.repeats and exam.repeats.concerns(versus=True):
                self._note(dataset, exam, exam.repeats)
        return True

    def _next(self, dataset: str) -> list[PlanKpi]:
        left = [
            kpi
            for kpi in self._kpis
            if kpi.dataset == dataset
            and _is_open(kpi)
            and (kpi.name, kpi.is_sample) not in self._taken
        ]
        return [kpi for kpi in left if kpi.is_sample] or left

    def _note(self, dataset: str, exam: Exam, found: Repeats) -> None:
        self._found[dataset] = found
        self._kpis = tuple(kpi.repeated(self._found.get(kpi.dataset or "")) for kpi in self._kpis)
        stables = exam.baseline.differing if exam.baseline else []
        first = next(iter([*exam.candidate.differing, *stables]))
        self._differing = self._differing or f"data set {dataset}: {first}"

    def report(self, place: int) -> KpiReport | None:
        """Return the report of the KPI at this place of the plan; None while nothing is known."""
        kpi = self._kpis[place]
        if kpi.is_unjudgeable:
            return report.NOT_DETERMINISTIC
        marking = self._marking(kpi.name)
        if marking is None:
            return None
        counts = marking.counts()
        if marking.unfit:
            return KpiReport(verdict="I", reason=marking.unfit.reason)
        return report.rows_report(kpi, counts, self._plan.judgement)

    @property
    def message(self) -> str:
        """What to look at: why a KPI is unfit, and a row that was answered in two ways."""
        markings = (marking for exam in self._exams for marking in exam.markings.values())
        unfit = (f"KPI {each.kpi.name}: {each.unfit}" for each in markings if each.unfit)
        return "; ".join(filter(None, (next(unfit, ""), self._differing)))

    @property
    def repeats(self) -> tuple[Repeats, ...]:
        """What came of asking rows twice, for each data set; empty where none differ."""
        if not self._found:
            return ()
        return tuple(self._found.get(each.name, Repeats(0, 0, 0)) for each in self._plan.datasets)

    @property
    def progress(self) -> Progress | None:
        """How far the rows are that are asked now; None before any are."""
        if not self._exams:
            return None
        exam = self._exams[-1]
        name = exam.candidate.dataset.name
        return Progress(f"rows of {name}", exam.read, 0 if exam.sampled else exam.rows)

    def worst_slices(self, kpis: tuple[KpiReport, ...]) -> tuple[str, ...]:
        """Name the worst slice of each KPI that has any; empty where nothing was counted of it."""
        pairs = zip(self._plan.kpis, kpis, strict=True)
        cut = [(self._marking(kpi.name), told) for kpi, told in pairs if kpi.row_kind == "slices"]
        return tuple(
            marking.worst_slice if marking and told.counts else "" for marking, told in cut
        )

    def _marking(self, kpi: str) -> Marking | None:
        """Return how the rows of a KPI are counted; where its exam was given up, its sample's."""
        return next((e.markings[kpi] for e in self._exams if kpi in e.markings), None)


def _is_open(kpi: PlanKpi) -> bool:
    return kpi.of_rows and not (report.has_verdict(kpi) or kpi.is_unjudgeable)
