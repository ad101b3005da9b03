"""A plan of a user's own is looked at before any work: can its tasks be made, and measure what is asked of them?"""

from __future__ import annotations

from collections.abc import Sequence

from empirics import Task
from empirics.algorithm.modes import Mode
from empirics.certificates.closed_form import pl_constant
from reports.cells.noise_cell import NoiseCell
from reports.cells.points_cell import PointsCell
from reports.cells.run_cell import RunCell
from reports.measure.domain import on_points
from reports.measure.task_instance import TaskInstance
from reports.measure.with_batches import LARGEST_TREE, NoisyPoint, WithBatches, why_not_enumerated
from reports.plans.memory import amount, at_hand, cell_bytes, task_bytes
from reports.plans.own_data import check_study
from reports.plans.plan import Plan, PlanError, witness_plan
from reports.plans.studies import PersonalisationPlan
from reports.statements import measured, with_own
from reports.tasks.conformance import ConformanceError, require_conformance
from reports.tasks.factories import TaskError, make_task
from reports.tasks.networks import unproved
from reports.user_objects import UserObjectError, trusted
from theory.tables import default_table


def check_tasks(plan: Plan) -> None:
    """Make every task of a plan once, so that a bad one is refused before any work.

    Raises PlanError for a task that cannot be made, a user's own that does not do what a task does, and for a statement
    that a task cannot measure. A user's own whose module is not trusted is passed over.
    """
    _check_own([name for name in plan.own_statements if trusted(name)])
    _check_studies(plan)
    most = at_hand()
    for one in (one for one in plan.tasks if all(map(trusted, one.outside))):
        if (needed := task_bytes(one)) > most:
            raise PlanError(f"task {one.name}: needs {amount(needed)} of memory, {amount(most)} are at hand")
        try:
            task = make_task(one)
            if ":" in one.factory:
                require_conformance(one.factory, task)
        except (TaskError, ConformanceError) as error:
            raise PlanError(str(error)) from None
        for cell in (cell for cell in plan.cells if cell.task == one.name):
            _check_lengths(cell, task)
            _check_step(cell, task)
            _check_smooth(cell, task)
            _check_sizes(cell, task, most)
        for cell in (cell for cell in plan.noise if cell.task == one.name and cell.method == "enumerate"):
            instance = TaskInstance(one, task)
            if why := why_not_enumerated(instance, cell) or _too_many_outcomes(cell, instance):
                raise PlanError(f'task {one.name}: method = "{cell.method}": {why}')
        for cell in (cell for cell in plan.cells if cell.task == one.name):
            _check_bounded(cell, TaskInstance(one, task))
        named = {name for cell in plan.cells if cell.task == one.name for name in cell.statements}
        for name in sorted(name for name in named if ":" not in name or trusted(name)):
            if (why := measured(name).task(task)) is not None:
                raise PlanError(f"task {one.name}: {name} {why}")


def _check_step(cell: PointsCell | NoiseCell | RunCell, task: Task) -> None:
    """A step that is a multiple of 1/L needs an L, and not 0."""
    if cell.alpha_L is None:
        return
    if (L := task.constants().get("L")) is not None:
        if not L.value > 0:
            raise PlanError(f"task {cell.task}: alpha_L = {cell.alpha_L} is a multiple of 1/L, but L = 0; give alpha")
        return
    why = f" ({reason})" if (reason := unproved(task)) else ""
    given = f"alpha_L = {cell.alpha_L} is a multiple of 1/L, but no L is stated or proved{why}"
    raise PlanError(f"task {cell.task}: {given}; give alpha")


def _check_smooth(cell: PointsCell | NoiseCell | RunCell, task: Task) -> None:
    """A task with Lipschitz gradients but without rho serves runs without fine-tuning, which ask for nothing more."""
    known = task.constants() if task.certified else {}
    if "L" in known and "rho" not in known and (cell.nu > 0 or not isinstance(cell, RunCell)):
        raise PlanError(f"task {cell.task}: states no rho, so its Hessians may jump: expected a run with nu = 0")


def _check_studies(plan: Plan) -> None:
    for study in plan.studies:
        if isinstance(study, PersonalisationPlan) and (study.model is None or trusted(study.model)):
            try:
                check_study(study)
            except ValueError as error:
                raise PlanError(f"[[studies]] personalisation: {error}") from None


def _check_sizes(cell: PointsCell | NoiseCell | RunCell, task: Task, most: int) -> None:
    """Agents and batches that the task has, in the memory at hand, with a step that is a number."""
    where = f"{cell.kind} on task {cell.task}"
    if isinstance(cell, RunCell):
        if cell.m is not None and cell.m > task.n:
            raise PlanError(f"{where}: m = {cell.m}: expected an integer between 1 and n = {task.n}")
        if cell.weights is not None and len(cell.weights) != task.n:
            raise PlanError(f"{where}: weights has {len(cell.weights)} entries, expected {task.n}, one an agent")
    drawn = isinstance(cell, NoiseCell) or (isinstance(cell, RunCell) and cell.mode.draws)
    for name in ("D", "D_prime", "D_H") if drawn else ():
        try:
            if (size := getattr(cell, name)) is not None:
                task.sampler.check(task, size)
        except ValueError as error:
            raise PlanError(f"{where}: {name} = {size}: {error}") from None
    if (needed := cell_bytes(cell, task)) > most:
        short = f"needs {amount(needed)} of memory, {amount(most)} are at hand"
        raise PlanError(f"{where}: {short}; take fewer rounds or replicas")


def _check_bounded(cell: PointsCell | NoiseCell | RunCell, instance: TaskInstance) -> None:
    """What a cell looks at lies where constants hold; quadratics have a minimum where the mean meta loss has one."""
    known = [name for name in cell.statements if ":" not in name or trusted(name)]
    strong = [name for name in known if getattr(measured(name), "strong", False)]
    try:
        if not isinstance(cell, RunCell):
            on_points(instance, cell)
        elif strong and instance.quadratic:
            pl_constant(instance.task, instance.alpha(cell), cell.nu)
    except (ValueError, OverflowError) as error:
        raise PlanError(f"{cell.kind} on task {cell.task}: {', '.join(strong or cell.statements)}: {error}") from None


def _too_many_outcomes(cell: NoiseCell, instance: TaskInstance) -> str:
    """Why the tree of a cell's batches cannot be walked, '' where it can."""
    for record in map(measured, cell.statements):
        assert isinstance(record, WithBatches)
        at = NoisyPoint(instance, cell, record.mode, instance.centre.numpy())
        leaves = at.outcomes(mean_alone=record.mode is Mode.STOCHASTIC and record.squared_error is None)
        if leaves > LARGEST_TREE:
            sizes = f"D = {cell.D}, D_prime = {cell.D_prime}, D_H = {cell.D_H}"
            return (
                f"enumeration of {record.mode} at nu = {cell.nu}, {sizes} has {leaves} outcomes, at most "
                f"{LARGEST_TREE} are walked; use smaller batches or method = 'sample'"
            )
    return ""


def _check_own(own: Sequence[str]) -> None:
    """A user's bounds join one table, their wrong versions change something in it, their witnesses can be read."""
    try:
        table = with_own(default_table(), own)
    except UserObjectError as error:
        raise PlanError(str(error)) from None
    for name in own:
        for wrong in measured(name).wrong:
            try:
                wrong.planted_in(table)
            except Exception as error:  # a change is a function of the user's
                raise PlanError(f"{name}: wrong version {wrong.wrong!r}: {type(error).__name__}: {error}") from None
    if own:
        witnesses = witness_plan(own)
        made = {task.name: make_task(task) for task in witnesses.tasks}
        for cell in witnesses.cells:
            _check_lengths(cell, made[cell.task])


def _check_lengths(cell: PointsCell | NoiseCell | RunCell, task: Task) -> None:
    """Points that a cell gives have as many entries as w."""
    for name in ("at", "pair", "start"):
        given = getattr(cell, name, None)
        if given is not None and len(given) != task.d:
            raise PlanError(
                f"{cell.kind} on task {cell.task}: {name} has {len(given)} entries, expected {task.d}, those of w"
            )
