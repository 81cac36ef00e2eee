"""Say how many comparisons, how much time and how much memory a run will take; nothing but the log is written."""

import time

from icas_core.batches import batch_name
from icas_core.logs import reporting_errors

# What every job has spent by now; the rest of this one's imports are not those of others.
START = time.process_time()


def main(job) -> None:
    from icas_core.workload.finished import used_by
    from icas_core.workload.prediction import Plan, predict
    from icas_core.workload.sample import measure_sample
    from icas_core.workload.told import told

    plan = Plan(**job.params.plan)
    costs = measure_sample(job.config["images"], job.params.sample, **job.params.how, start=START)
    used = used_by(job.params.output, costs.methods, map(batch_name, plan.batches), of_blocks=plan.of_blocks)
    job.told = told(plan, costs, predict(plan, costs), used)


if __name__ == "__main__":
    reporting_errors(main, snakemake)
    print(snakemake.told)
