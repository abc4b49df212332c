// docs/method.md tells how a number comes about, and the numbers it names are constants of the source: changing one without the other fails.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rowsFor } from '@whyslow/measure/outputs/index.ts'
import { leastSamples } from '@whyslow/measure/statistics/percentiles.ts'
import { sharePassing } from '@whyslow/model/support/evidence/example-held-out.ts'
import { chancesOf, MACHINES, type Machine } from '@whyslow/model/support/tune/example-chance.ts'
import { describe, expect, test } from 'vitest'
import { onlyFull } from './only-full.ts'
import { ROOT } from './root.ts'

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve']
const word = (value: number): string => WORDS[value] ?? String(value)
const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`

interface Told {
  readonly file: string
  /** As its file declares it, with the key for one of several: 'PAIRS.denormals'. */
  readonly constant: string
  /** What method.md says of such a value. */
  readonly says: (value: number) => string
}

const told = (file: string, constant: string, says: Told['says']): Told => ({ file, constant, says })

const TOLD: readonly Told[] = [
  told('packages/model/src/tune/search.ts', 'ENGINE_SHARE', (share) => `${percent(share)} of the budget is left for them`),
  told(
    'packages/model/src/tune/other-engines.ts',
    'JUDGING_SHARE',
    (share) => `${percent(share)} for judging them once they were looked at`,
  ),
  told('packages/measure/src/outputs/selected.ts', 'SAME_ROW', (share) => `others lie within ${percent(share)} of the largest`),
  told('packages/measure/src/outputs/selected.ts', 'SAME_SCORE', (share) => `not move by more than ${percent(share)}`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'FULL.budgetMs',
    (ms) => `what it has time for ([\`run-plan.ts\`](../packages/model/src/evidence/run-plan.ts)): ${ms / 1000} s, `,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'QUICK.budgetMs', (ms) => `${ms / 1000} with \`--quick\`, or `),
  told('packages/model/src/evidence/run-plan.ts', 'FULL.predictions', (n) => `or ${n} predictions' worth of time`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'QUICK.predictions',
    (n) => `predictions' worth of time, ${n} with \`--quick\``,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'FULL.blocksShare', (share) => `The latency may take ${percent(share)} of it`),
  told('packages/model/src/evidence/run-plan.ts', 'FULL.profileShare', (share) => `and the profile ${percent(share)};`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'QUICK.blocksShare',
    (share) => `sweeps and experiments, ${percent(share)} and`,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'QUICK.profileShare', (share) => `and ${percent(share)}. For operators`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'LEAST_EXPERIMENTS_SHARE.full',
    (share) => `For operators alone ${percent(share)} is kept`,
  ),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'LEAST_EXPERIMENTS_SHARE.quick',
    (share) => `is kept (${percent(share)} with \`--quick\`)`,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'LOADS', (n) => `a full run has the time of ${n} loads more`),
  told('packages/model/src/evidence/run-plan.ts', 'MOST_LOADING_MS', (ms) => `loads more, up to ${ms / 1000} s`),
  told('packages/model/src/commands/operator-experiments.ts', 'WHOLES_MS', (ms) => `A full run has ${ms / 1000} s more`),
  told(
    'packages/model/src/tune/operators/between-operators.ts',
    'LEAST_SHARE',
    (share) => `promise ${percent(share)} of the p50 or more`,
  ),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'MOST_EXPERIMENTS_SHARE',
    (share) => `which have a ${share === 0.25 ? 'quarter' : share} at most`,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'FULL.processes', (n) => `processes spread over the run: ${word(n)}, `),
  told('packages/model/src/evidence/run-plan.ts', 'QUICK.processes', (n) => `${word(n)} with \`--quick\``),
  told('packages/model/src/evidence/run-plan.ts', 'FULL.sampleMs', (ms) => `processes sample for ${ms / 1000} seconds`),
  told('packages/model/src/evidence/run-plan.ts', 'QUICK.sampleMs', (ms) => `seconds, ${ms / 1000} with \`--quick\``),
  told('packages/model/src/evidence/run-plan.ts', 'LEAST_PROFILE_ROUNDS', (n) => `It works in ${word(n)} to `),
  told('packages/model/src/evidence/run-plan.ts', 'MOST_PROFILE_ROUNDS', (n) => `to ${word(n)} rounds, more of them the longer`),
  told('packages/measure/src/timing/latency-block.ts', 'LEAST_RUNS.warmup', (n) => `At least ${word(n)} predictions warm up`),
  told('packages/measure/src/timing/latency-block.ts', 'LEAST_RUNS.samples', (n) => `warm up and ${word(n)} are timed`),
  told('packages/measure/src/timing/latency-block.ts', 'LEAST_WARMUP_MS', (ms) => `than the usual warm-up (${ms} ms)`),
  told('packages/measure/src/timing/profile/usual-cost.ts', 'MOST_NODE_US', (us) => `at ${us} µs each, no chains are run`),
  told('packages/measure/src/timing/profile/run.ts', 'FELT_SHARE', (share) => `would take less than ${percent(share)} of it`),
  told('packages/measure/src/statistics/trust.ts', 'LEAST_SAMPLES', (n) => `fewer than ${word(n)} predictions of one process`),
  told('packages/measure/src/timing/latency-block.ts', 'NARROW', (share) => `its own median is within ±${percent(share)}`),
  told(
    'packages/measure/src/timing/latency-block.ts',
    'WAIT_PER_SAMPLE_FROM_MS',
    (ms) => `If a prediction takes ${ms} ms or more`,
  ),
  told(
    'packages/measure/src/timing/latency-block.ts',
    'WAIT_PER_SAMPLE_FROM_MS',
    (ms) => `Below ${ms} ms the scheduler's counters`,
  ),
  told(
    'packages/measure/src/statistics/ratios.ts',
    'LEAST_DIFFERENCE',
    (share) => `${percent(share)} is the smallest difference worth reporting`,
  ),
  told('packages/measure/src/statistics/ratios.ts', 'LEVEL', (n) => `${n} % is the level of an answer`),
  told('packages/measure/src/statistics/ratios.ts', 'LEAST_PAIRS', (n) => `on one side, and ${word(n)} pairs or more`),
  told('packages/serving/src/commands/serve/joining-pays.ts', 'LEAST_GAIN', (ratio) => `and a gain of ${ratio} `),
  told('packages/code/src/replace/loop-replacement.ts', 'LEAST_FACTOR', (ratio) => `instead of a loop ${ratio} times`),
  told(
    'packages/measure/src/statistics/percentiles.ts',
    'CONFIDENCE',
    (share) => `does not exceed with ${percent(share)} confidence`,
  ),
  told(
    'packages/measure/src/statistics/intervals.ts',
    'INTERVAL_LEVEL',
    (n) => `${n} % by Student's t on the logarithms of the pairs' ratios`,
  ),
  told('packages/measure/src/statistics/intervals.ts', 'LEAST_BLOCKS', (n) => `its samples are cut into ${n} to`),
  told('packages/measure/src/statistics/intervals.ts', 'MOST_BLOCKS', (n) => `to ${n} blocks in order of time`),
  told(
    'packages/measure/src/statistics/intervals.ts',
    'MANY_PROCESSES',
    (n) => `Up to ${word(n - 1)} processes it is their range`,
  ),
  told('packages/measure/src/timing/regimes.ts', 'REGIME_RATIO', (ratio) => `lie more than ${ratio} times and`),
  told('packages/measure/src/timing/regimes.ts', 'REGIME_LEAST_NS', (ns) => `and ${ns} ns apart are different regimes`),
  told(
    'packages/measure/src/timing/regimes.ts',
    'REGIME_RATIO',
    (ratio) => `A pair whose two handoffs lie more than ${ratio} times apart`,
  ),
  told('packages/measure/src/statistics/trust.ts', 'FEW_PROCESSES', (n) => `${word(n)} processes or more within`),
  told(
    'packages/measure/src/statistics/trust.ts',
    'NARROW_INTERVAL',
    (share) => `or more within ±${percent(share)}, nothing disturbed`,
  ),
  told('packages/measure/src/statistics/trust.ts', 'WIDE_INTERVAL', (share) => `wider than ±${percent(share)}`),
  told('packages/measure/src/timing/latency.ts', 'CLOCK_DRIFT', (share) => `a clock that moved by more than ${percent(share)}`),
  told('packages/measure/src/timing/latency.ts', 'STEAL_SHARE', (share) => `more than ${percent(share)} steal`),
  told('packages/measure/src/timing/latency.ts', 'THROTTLE_SHARE', (share) => `or ${percent(share)} throttling`),
  told('packages/measure/src/timing/latency.ts', 'WAIT_SHARE', (share) => `waited for more than ${percent(share)} of the time`),
  told('packages/measure/src/timing/paired.ts', 'MAX_REPEATS', (n) => `is repeated (${n === 2 ? 'twice' : word(n)} at most)`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    'PAIRS.denormals',
    (n) => `${word(n)[0]!.toUpperCase()}${word(n).slice(1)} pairs with denormals as zero`,
  ),
  told('packages/measure/src/timing/paired.ts', 'FUTILE_AFTER', (n) => `${word(n)} if these show no gain`),
  told(
    'packages/model/src/evidence/run-plan.ts',
    "PAIRS.'graph-optimization'",
    (n) => `${word(n)[0]!.toUpperCase()}${word(n).slice(1)} with the full graph optimization`,
  ),
  told(
    'packages/model/src/evidence/run-plan.ts',
    "PAIRS.'initializers-as-inputs'",
    (n) => `and ${word(n)} with weights taken out`,
  ),
  told('packages/model/src/evidence/run-plan.ts', 'ROUNDS.threads', (n) => `${word(n)} rounds over thread counts`),
  told('packages/model/src/evidence/run-plan.ts', 'ROUNDS.shapes', (n) => `over thread counts, ${word(n)} over batch sizes`),
  told('packages/model/src/evidence/sweeps.ts', 'BATCHES.at(-1)', (n) => `batch sizes up to ${n} `),
  told('packages/measure/src/timing/profile/chains.ts', 'MOST_NODES', (n) => `up to ${n} nodes`),
  told('packages/measure/src/timing/profile/chains.ts', 'PLAIN_TURNS', (n) => `the middle of ${word(n)} turns`),
  told('packages/measure/src/timing/profile/chains.ts', 'ROUNDS.short', (n) => `a generated Loop of ${n} and`),
  told('packages/measure/src/timing/profile/chains.ts', 'ROUNDS.long', (n) => `and of ${n} rounds`),
  told('packages/measure/src/chain-models.ts', 'WIDE_INPUTS', (n) => `_wide_: one kind of node, ${word(n)} inputs`),
  told('packages/measure/src/timing/profile/run.ts', 'ROUND_EVENTS', (n) => `about ${n.toLocaleString('en')} events`),
  told('packages/measure/src/timing/profile/run.ts', 'SMALL_MS', (ms) => `A model below ${ms} ms that is as fast on one thread`),
  told('packages/measure/src/timing/profile/run.ts', 'SAME_ON_ONE', (ratio) => `(within ${ratio} times)`),
  told(
    'packages/measure/src/timing/profile/correct.ts',
    'STEADY_DRIFT',
    (ratio) => `by more than ${ratio} times from before to after`,
  ),
  told('packages/measure/src/timing/profile/correct.ts', 'LEAST_ROUNDS', (n) => `left out while ${word(n)} are left`),
  told('packages/measure/src/timing/roofs/sample.ts', 'runsPerFaster', (n) => `one run in ${n === 30 ? 'thirty' : n} exceeds`),
  told('packages/measure/src/timing/roofs/index.ts', 'fewestRounds', (n) => `over ${word(n)} to `),
  told('packages/measure/src/timing/roofs/index.ts', 'mostRounds', (n) => `to ${word(n)} rounds, until one raises`),
  told('packages/measure/src/timing/roofs/index.ts', 'settled', (ratio) => `raises no roof by more than ${percent(ratio - 1)}`),
  told('packages/model/src/analyze/costs.ts', 'OVERHEAD_BELOW_MS', (ms) => `shorter than ${ms * 1000} µs`),
  told('packages/model/src/analyze/costs.ts', 'OVERHEAD_TIMES', (n) => `takes more than ${n} times its floor`),
  told(
    'packages/model/src/analyze/costs.ts',
    'ROOF_TOLERANCE',
    (ratio) => `more than ${percent(ratio - 1)} faster than its roof`,
  ),
  told(
    'packages/report/src/text/answers/parts-above-whole.ts',
    'MEASUREMENT_ERROR',
    (share) => `Above ${percent(share)} the answer says so`,
  ),
  told('packages/diagnosis/src/run-rules.ts', 'AS_LARGE', (share) => `${word(share * 10)} tenths of it`),
  told('packages/diagnosis/src/worth.ts', 'MIN_SAVING_SHARE', (share) => `A saving below ${percent(share)} of the p50`),
  told(
    'packages/model/src/tune/operators/groups.ts',
    'LEAST_SHARE',
    (share) => `above its floor is ${percent(share)} of the p50`,
  ),
  told('packages/model/src/tune/operators/groups.ts', 'LEAST_MS', (ms) => `of the p50 or ${ms * 1000} µs`),
  told('packages/model/src/tune/operators/groups.ts', 'ABOVE_FLOOR', (ratio) => `its time is at least ${ratio} times its floor`),
  told('packages/model/src/tune/operators/index.ts', 'ROUNDS', (n) => `There are ${n} to `),
  told('packages/model/src/tune/operators/index.ts', 'MOST_ROUNDS', (n) => `to ${n} rounds, as many as`),
  told('packages/measure/src/statistics/ratios.ts', 'LEAST_TRIMMED', (n) => `from ${word(n)} rounds on, on their trimmed mean`),
  told('packages/model/src/tune/operators/index.ts', 'SAMPLE_MS', (ms) => `of ${ms} ms or more`),
  told(
    'packages/model/src/tune/operators/index.ts',
    'WHOLE_SHARE',
    (share) => `if that takes at most ${share === 0.5 ? 'half' : share} of the time`,
  ),
  told(
    'packages/model/src/analyze/faster-variants.ts',
    'MOST_DISTURBED',
    (factor) => `more than a factor of ${word(Math.floor(factor ** 2))}`,
  ),
  told('packages/model/src/tune/operators/variants.ts', 'BLOCKS_AT_ONCE', (n) => `${word(n)} blocks`),
  told('packages/diagnosis/src/worth.ts', 'MIN_LOW_SHARE_ALONE', (share) => `its lower end is below ${percent(share)}`),
  told('packages/model/src/tune/judge.ts', 'MOST_MORE', (n) => `up to ${word(n)} more pairs`),
  told('packages/model/src/tune/judge.ts', 'SETTLES_A_STATE', (n) => `until there are ${word(n)} of that regime`),
  told('packages/model/src/tune/other-engines.ts', 'MOST_INSTEAD', (n) => `(${word(n)} of them at most)`),
  told('packages/model/src/tune/operators/four-samples.ts', 'SAMPLES', (n) => `On ${word(n)} samples at once, per sample`),
  told(
    'packages/model/src/analyze/faster-variants.ts',
    'LEAST_POOL',
    (n) => `${word(n)} or more nodes of one operator with the same change`,
  ),
  told('packages/diagnosis/src/worth.ts', 'MIN_SHARE_ALONE', (share) => `below ${percent(share)} if operators were timed alone`),
  told('packages/model/src/analyze/faster-variants.ts', 'SURELY_FASTER', (ratio) => `upper end is below ${ratio} (`),
  told('packages/model/src/tune/local-bench/readings.ts', 'SAMPLES', (n) => `samples for ${n} p50s`),
  told('packages/model/src/tune/local-bench/readings.ts', 'LEAST_MS', (ms) => `at least ${ms} ms and at most`),
  told('packages/model/src/tune/local-bench/readings.ts', 'MOST_MS', (ms) => `at most ${ms} ms`),
  told('packages/model/src/tune/local-bench/readings.ts', 'THOROUGH', (n) => `the last proof ${word(n)} times that`),
  told('packages/model/src/tune/local-bench/readings.ts', 'STARTS', (n) => `the median of ${word(n)},`),
  told('packages/model/src/tune/local-bench/readings.ts', 'STARTS_THOROUGH', (n) => `and of ${word(n)} in the last proof`),
  told(
    'packages/model/src/tune/local-bench/readings.ts',
    'STARTS_MS',
    (ms) => `more than ${ms === 500 ? 'half a second' : `${ms} ms`} together`,
  ),
  told('packages/model/src/tune/shortlist.ts', 'GROUP', (n) => `${word(n)} of them between two readings of the base`),
  told('packages/model/src/tune/shortlist.ts', 'FIRST_LIMIT', (ratio) => `at most ${percent(ratio - 1)} above the base`),
  told('packages/model/src/tune/shortlist.ts', 'SECOND_ROUND', (n) => `the best ${word(n)} are read again`),
  told('packages/model/src/tune/shortlist.ts', 'SECOND_LIMIT', (ratio) => `below ${ratio} of the base`),
  told('packages/model/src/tune/shortlist.ts', 'SECOND_LIMIT', (ratio) => `Below ${percent(1 - ratio)} in the first look`),
  told(
    'packages/model/src/tune/shortlist.ts',
    'HOPEFUL',
    (share) => `If a ${share === 0.05 ? 'twentieth' : percent(share)} of the time`,
  ),
  told('packages/model/src/tune/shortlist.ts', 'HOPEFUL_LIMIT', (ratio) => `up to ${ratio} is enough`),
  told('packages/model/src/tune/search.ts', 'LOOK_SHARE', (share) => `Looks take at most ${percent(share)}`),
  told('packages/model/src/tune/look.ts', 'CLEARLY_NO_GAIN', (ratio) => `no gain by more than ${percent(ratio - 1)}`),
  told('packages/model/src/tune/judge.ts', 'HOPELESS', (ratio) => ` or above ${ratio}, up to`),
  told('packages/measure/src/statistics/ratios.ts', 'LEAST_DIFFERENCE', (share) => `lies below ${1 - share} or above`),
  told('packages/measure/src/statistics/ratios.ts', 'LEAST_DIFFERENCE', (share) => `beyond ${percent(share)} on one side`),
  told(
    'packages/measure/src/statistics/ratios.ts',
    'LEAST_DIFFERENCE',
    (share) => `what gains less than ${percent(share)} stays in`,
  ),
  told('packages/model/src/tune/judge.ts', 'FUTILE_AFTER', (n) => `if from ${word(n)} pairs on their median is`),
  told('packages/model/src/tune/keep.ts', 'LOOKS.at(-2)', (n) => `up to ${word(n)} pairs. One process`),
  told('packages/model/src/tune/keep.ts', 'LOOKS.at(-2)', (n) => `what is undecided after ${word(n)} pairs`),
  told('packages/model/src/tune/keep.ts', 'LOOKS.at(-1)', (n) => `tested once more after ${word(n)}, by`),
  told('packages/measure/src/statistics/ratios.ts', 'MANY_PAIRS', (n) => `tested once more after ${word(n)}`),
  told(
    'packages/model/src/tune/judge.ts',
    'DISTURBED',
    (share) => `other work took a ${share === 0.1 ? 'tenth' : percent(share)} of the time`,
  ),
  told('packages/model/src/tune/judge.ts', 'MOST_DISTURBED', (n) => `is repeated, ${word(n)} times at most`),
  told('packages/model/src/tune/judge.ts', 'MOST_REPEATS', (n) => `is repeated, ${n === 2 ? 'twice' : word(n)} at most`),
  told('packages/model/src/tune/judge.ts', 'SAME_BEST', (ratio) => `no more than ${ratio} times as long as the base's best`),
  told('packages/model/src/tune/judge.ts', 'PAIRS_OF_A_STATE', (n) => `a regime counts from ${word(n)} pairs on`),
  told('packages/model/src/tune/keep.ts', 'LOOKS.at(0)', (n) => `From ${word(n)} pairs on`),
  told('packages/model/src/tune/keep.ts', 'GROWTH.level', (n) => `the ${n} % interval of the ratio`),
  told('packages/model/src/tune/drop.ts', 'LOOKS.at(0)', (n) => `after ${n}, `),
  told('packages/model/src/tune/drop.ts', 'LOOKS.at(1)', (n) => `, ${n} or `),
  told('packages/model/src/tune/drop.ts', 'LOOKS.at(-1)', (n) => `or ${n} of these pairs`),
  told('packages/model/src/tune/drop.ts', 'FALSELY_KEPT', (share) => `a third of ${percent(share)} on the side that keeps it`),
  told('packages/model/src/tune/drop.ts', 'PATIENCE', (n) => `given up after ${word(n)} pairs at the earliest`),
  told('packages/model/src/tune/prove.ts', 'FINAL.looks', (n) => `in ${word(n)} new pairs with longer readings`),
  told('packages/model/src/tune/prove.ts', 'FINAL_AGAIN.looks', (n) => `${word(n)} new pairs are judged at`),
  told('packages/model/src/tune/prove.ts', 'FINAL_AGAIN.level', (n) => `by ${word(12)} pairs at ${n} %`),
  told('packages/model/src/tune/prove.ts', 'FINAL_AGAIN.level', (n) => `new pairs are judged at ${n} %`),
  told('packages/model/src/tune/prove.ts', 'WORTH_MORE_PAIRS', (ratio) => `the median speed-up is above ${ratio}`),
  told('packages/model/src/tune/latency-cost.ts', 'LATENCY_LIMIT', (ratio) => `may not take more than ${ratio} times as long`),
  told('packages/model/src/tune/latency-cost.ts', 'ROUNDS', (n) => `up to ${word(n)} times until it is clearly below`),
  told(
    'packages/model/src/tune/local-bench/output-comparison.ts',
    'MOST_NOISE',
    (share) => `${percent(share)} of the scale at most`,
  ),
  told(
    'packages/model/src/tune/local-bench/output-comparison.ts',
    'NOISE_FACTOR',
    (n) => `as far from the original as ${n === 2 ? 'twice' : n} that`,
  ),
  told(
    'packages/measure/src/outputs/verdict.ts',
    'EXACT',
    (value) => `within ${value.toExponential()} of the scale, or one step`,
  ),
  told(
    'packages/measure/src/outputs/scale.ts',
    'ROUNDING',
    (value) => `within ${value.toExponential().replace('0.0001', '1e-4')} of the scale, or two steps`,
  ),
  told('packages/measure/src/outputs/verdict.ts', 'SAME_DECISIONS', (share) => `${percent(share)} the same`),
  told('packages/measure/src/outputs/verdict.ts', 'OTHERS_COSINE', (cosine) => `keep a cosine of ${cosine}`),
  told('packages/measure/src/timing/latency-block.ts', 'LEAST_WARMUP_MS', (ms) => `warms up for ${ms} ms at least`),
  told('packages/model/src/commands/fix/try-remedies.ts', 'JUDGED_SAMPLES', (n) => `on up to ${n} of \`--data\``),
  told('packages/model/src/commands/fix/try-remedies.ts', 'JUDGING_MS', (ms) => `as many as run in ${ms / 1000} s`),
  told(
    'packages/model/src/commands/fix/try-remedies.ts',
    'JUDGING_SHARE',
    (share) => `a ${share === 0.05 ? 'twentieth' : percent(share)} of \`--budget\``,
  ),
  told('packages/model/src/commands/fix/try-remedies.ts', 'LEAST_JUDGED', (n) => `but ${n} at least`),
  told('packages/model/src/evidence/held-out.ts', 'LEAST_TO_CHOOSE', (n) => `as many or ${n} are left to choose by`),
  told('packages/model/src/evidence/held-out.ts', 'LEAST_SAMPLES', (n) => `and ${n} samples in each`),
  told('packages/model/test/support/evidence/example-held-out.ts', 'LIMIT', (limit) => `${rowsFor(limit)} for ${limit}`),
  told('packages/model/src/evidence/judged-inputs.ts', 'MOST_BYTES', (bytes) => `(${bytes / 2 ** 20} MB of them at most`),
]

const method = readFileSync(join(ROOT, 'docs/method.md'), 'utf8').replaceAll(/\s+/g, ' ')

/** The number that a file gives to a constant. Throws if it declares none so. */
function numberOf({ file, constant }: Told): number {
  const [name, key] = splitAtKey(constant)
  const declared = new RegExp(`\\bconst ${name}\\b[^=\\n]* = ([^\\n]+)`).exec(readFileSync(join(ROOT, file), 'utf8'))?.[1]
  const text = key === null ? declared : key.startsWith('at(') ? itemOf(declared, key) : entryOf(declared, key)
  const factors = text?.replaceAll('_', '').split(' * ') ?? []
  const value = factors
    .map((factor) =>
      factor
        .split(' ** ')
        .map(Number)
        .reduceRight((power, base) => base ** power),
    )
    .reduce((a, b) => a * b, 1)
  if (factors.length === 0 || Number.isNaN(value)) throw new Error(`${file} declares no number ${constant}`)
  return value
}

function splitAtKey(constant: string): [name: string, key: string | null] {
  const at = constant.indexOf('.')
  return at < 0 ? [constant, null] : [constant.slice(0, at), constant.slice(at + 1)]
}

/** Of an array, by the index in 'at(-1)'. */
const itemOf = (declared: string | undefined, key: string): string | undefined =>
  /\[([^\]]*)\]/
    .exec(declared ?? '')?.[1]
    ?.split(', ')
    .at(Number(key.slice('at('.length, -1)))

const entryOf = (declared: string | undefined, key: string): string | undefined =>
  new RegExp(`[{ ,]${key.replaceAll('.', '\\.')}: \\[?([\\d.e_-]+)`).exec(declared ?? '')?.[1]

describe('docs/method.md names the numbers of the source', () => {
  test.each(TOLD.map((one) => [one.file, one.constant, one] as const))('%s: %s', (_, __, one) => {
    expect(method).toContain(one.says(numberOf(one)))
  })

  test('and the samples that each percentile takes', () => {
    const [p90, p95, p99] = [0.9, 0.95, 0.99].map(leastSamples)
    expect(method).toContain(`${p90} samples for p90, ${p95} for p95, ${p99} for p99`)
  })

  test('and would notice another number', () => {
    const silent = TOLD.filter((one) => method.includes(one.says(numberOf(one) * 1.5 + 7)))
    expect(silent.map(({ file, constant }) => `${file} ${constant}`)).toEqual([])
  })
})

describe('docs/method.md names what made-up searches come to', () => {
  const SEEDS = 400
  // Half of a thousandth rounds up, whatever its double is.
  const thousandths = (share: number) => (Math.round(share * 1000 + 1e-9) / 1000).toFixed(3)
  const alone = (machine: Machine, gain: number) => chancesOf({ machine, gains: [gain], neutral: 7 }, SEEDS)

  test.for(Object.keys(MACHINES) as Machine[])('%s', async (machine, context) => {
    onlyFull(context, `${5 * SEEDS} searches a machine`)
    const beside = await chancesOf({ machine, gains: [1.3], neutral: 30 }, SEEDS)
    const none = await chancesOf({ machine, gains: [], neutral: 31 }, SEEDS)
    const small = [await alone(machine, 1.05), await alone(machine, 1.07), await alone(machine, 1.1)]
    const shares = [
      beside.neutralKept,
      beside.neutralShipped,
      none.changed,
      ...small.map(({ found }) => found[0]!),
      beside.found[0]!,
    ]
    expect(method).toContain(`(\`${machine}\`) | ${shares.map(thousandths).join(' | ')} |`)
  })

  test.for([400, 500, 600, 1000])('of a model that loses too much, %d rows', (rows, context) => {
    onlyFull(context, `${2 * SEEDS} choices a number of rows`)
    const shares = [sharePassing(rows, SEEDS, true), sharePassing(rows, SEEDS, false)]
    expect(method).toContain(`| ${rows} | ${shares.map(thousandths).join(' | ')} |`)
  })
})
