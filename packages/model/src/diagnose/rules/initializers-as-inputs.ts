// Weights that are listed among the graph's inputs too: from IR version 4 on a caller may then replace them at each call, so the
// engine cannot fold, fuse or repack them. https://github.com/onnx/onnx/blob/main/docs/IR.md#graphs
import { countFact, ms, part, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Before IR version 4 every initializer had to be listed as an input, and engines take it for constant all the same. */
const FIRST_OVERRIDABLE_IR = 4

const NOT_COMPARED = 'the model was not timed with the list cleared: a run without --quick does it, and fix proves it'

export const initializersAsInputs = defineRule({
  id: 'initializers-as-inputs',
  area: 'software',
  title: 'Weights are listed as inputs, so the engine cannot optimize them',
  needs: ['graph', 'latency'],
  wants: ['experiments', 'model', 'profile'],
  check({ graph, latency, experiments, model, profile }) {
    const listed = Object.values(graph.constants).filter((constant) => constant.isGraphInput)
    if (listed.length === 0) return 'clear'
    const weights = tell`${countFact('initializer', listed.length)} ${listed.length === 1 ? 'is' : 'are'} listed among the graph's inputs`
    const experiment = experiments?.find(({ id }) => id === 'initializers-as-inputs')
    if (experiment === undefined) {
      if (model !== undefined && model.irVersion < FIRST_OVERRIDABLE_IR) return 'clear'
      const cannot = tell`${weights}, so a caller could replace them: the engine cannot fold them into their neighbours or repack them.`
      const readers = readersOf(new Set(listed.map(({ name }) => name)), profile)
      const timeMs = Math.min(
        latency.p50Ms,
        readers.reduce((sum, node) => sum + node.timeMs, 0),
      )
      if (!isWorthSaying(timeMs, latency.p50Ms))
        return {
          ...tell`${cannot} What it costs was not measured.`,
          timeMs: 0,
          wouldSaveMs: 0,
          basis: 'modelled',
          next: fixModel(),
        }
      return {
        ...tell`${cannot} ${countFact('node', readers.length)} that
          ${readers.length === 1 ? 'reads them takes' : 'read them take'} ${ms('time', timeMs)}, ${part('time-share', timeMs / latency.p50Ms)} of the p50.`,
        timeMs,
        wouldSaveMs: null,
        savingUnknown: NOT_COMPARED,
        basis: 'measured',
        nodes: readers.map(({ name }) => name),
        next: fixModel(),
      }
    }
    const savingMs = latency.p50Ms * (1 - experiment.ratio)
    if (verdictOf(experiment) !== 'faster' || !isWorthSaying(savingMs, latency.p50Ms)) return 'clear'
    return {
      ...tell`${weights}, and a caller could replace them, so the engine can neither fold nor fuse them. Measured in
        ${countFact('pair', experiment.pairs)} with the list cleared: ${ms('as-is', experiment.baseMs)} against
        ${ms('cleared', experiment.changedMs)}, ${share('saved', 1 - experiment.ratio)} less.`,
      timeMs: savingMs,
      wouldSaveMs: savingMs,
      basis: 'measured',
      next: fixModel(),
    }
  },
})

/** Executed nodes that read one of the values. */
const readersOf = (values: ReadonlySet<string>, profile: Profile | undefined): readonly ProfiledNode[] =>
  (profile?.nodes ?? []).filter(({ inputs }) => inputs.some((name) => values.has(name)))
