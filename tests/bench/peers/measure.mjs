// What every contestant under Node shares: the stopwatch, and the line it reports on.

/** Runs `question` once to warm up, then `runs` times; gives its answer and the best time. */
export async function bestOf(runs, question) {
  let result = await question();
  let us = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    result = await question();
    us = Math.min(us, Number(process.hrtime.bigint() - start) / 1000);
  }
  return { result, us };
}

export function emit(report) {
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
