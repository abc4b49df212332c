// Parts of what stands around a model for a pull request: the ladder from the application to a benchmark, and models that imitate one.

import { percent, plural, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { DistillDocument } from '../documents/distill.ts'
import type { GapDocument } from '../documents/gap.ts'
import { gapLeftOut, gapOutcome } from '../text/gap/gap-answer.ts'
import { code, type Part, table, text } from './blocks.ts'

/** After the sentence. */
export function gapParts(gap: GapDocument): Part[] {
  const { rungs, processes, runtime, file } = gap
  const first = rungs[0]?.timeMs ?? null
  return [
    table([
      { head: '', isNumber: true, cells: rungs.map((_, index) => String(index)) },
      { head: 'what is timed', cells: rungs.map(({ title }) => text(title)) },
      { head: 'a call', isNumber: true, cells: rungs.map(({ timeMs }) => time(timeMs)) },
      {
        head: 'of all',
        isNumber: true,
        cells: rungs.map(({ timeMs }) => (first === null || first === 0 ? '' : percent(timeMs / first))),
      },
      { head: 'saved', isNumber: true, cells: rungs.map(({ savedMs }) => (savedMs === null ? '' : time(savedMs))) },
      {
        head: 'ratio',
        isNumber: true,
        cells: rungs.map(({ ratio, ratioLow, ratioHigh }) =>
          ratio === null || ratioLow === null || ratioHigh === null
            ? ''
            : `${significant(ratio)}× (${significant(ratioLow)}–${significant(ratioHigh)})`,
        ),
      },
      { head: '', cells: rungs.map((rung) => (rung.matters ? '**matters**' : gapOutcome(rung))) },
    ]),
    `${code(file)} in ${plural(processes, 'fresh process', 'fresh processes')} on ${text(runtime)}, in each all rungs there and back again.`,
    ...gapLeftOut(gap).map(({ name, reason }) => `Not climbed: ${text(name)} (${text(reason)}).`),
  ]
}

/** After the sentence. */
export function distillParts({ teacher, students, metric, rows, out }: DistillDocument): Part[] {
  const all = [{ says: 'the model itself', ...teacher, speedup: null, chosen: false, onFront: false }, ...students]
  return [
    table([
      { head: '', cells: all.map(({ says }) => text(says)) },
      {
        head: metric.name,
        isNumber: true,
        cells: all.map((one) => (Number.isFinite(one.metric) ? one.metric.toFixed(4) : 'not known')),
      },
      { head: 'a row', isNumber: true, cells: all.map(({ microseconds }) => time(microseconds / 1000)) },
      { head: 'faster', isNumber: true, cells: all.map(({ speedup }) => (speedup === null ? '' : `${significant(speedup)}×`)) },
      {
        head: '',
        cells: all.map(({ chosen, onFront }) => (chosen ? '**chosen**' : onFront ? 'no other is both faster and better' : '')),
      },
    ]),
    `${metric.name} ${metric.against === 'labels' ? 'against the labels' : 'against the model’s own predictions'}. Learned from ${rows.learn} rows and ${rows.made} made of them, chosen on ${rows.choose}, shown on ${rows.test} that neither saw.`,
    ...(out === null ? [] : [`Written: ${code(out)}`]),
  ]
}
