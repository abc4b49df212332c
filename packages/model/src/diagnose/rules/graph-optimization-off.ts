// The engine's graph optimization was lowered by an option: constants are not folded, operators not fused, layouts not chosen.
// If the same model was measured with all optimizations, the difference is known.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import { measureWith } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const graphOptimizationOff = defineRule({
  id: 'graph-optimization-off',
  area: 'software',
  title: 'Graph optimization is turned off',
  needs: ['engine', 'latency'],
  wants: ['experiments'],
  check({ engine, latency, experiments }) {
    const level = engine.options.graphOptimization
    if (level === 'all') return 'clear'
    const next = measureWith('--graph-optimization', 'all')
    const experiment = experiments?.find(({ id }) => id === 'graph-optimization')
    if (experiment === undefined) {
      return {
        ...tell`The session runs with graph optimization '${level}' and not 'all'. What it costs was not measured.`,
        timeMs: 0,
        wouldSaveMs: 0,
        basis: 'modelled',
        next,
      }
    }
    const savingMs = latency.p50Ms * (1 - experiment.ratio)
    if (!isWorthSaying(savingMs, latency.p50Ms)) return 'clear'
    if (verdictOf(experiment) !== 'faster') {
      return {
        notChecked: `${experiment.pairs} pairs with 'all' do not decide: ratio ${experiment.ratio.toFixed(2)}, at most ${experiment.ratioHigh.toFixed(2)}`,
      }
    }
    return {
      ...tell`The session runs with graph optimization '${level}'. Measured in ${countFact('pair', experiment.pairs)} with 'all':
        ${ms('as-is', experiment.baseMs)} against ${ms('optimized', experiment.changedMs)}, ${share('saved', 1 - experiment.ratio)} less.`,
      timeMs: savingMs,
      wouldSaveMs: savingMs,
      basis: 'measured',
      next,
    }
  },
})
