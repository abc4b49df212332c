// torch.compile compiles what is between graph breaks; at each, Python goes on by itself, and nothing is fused over it.
import { countFact, tell } from '@whyslow/diagnosis/tell.ts'
import { UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'
import { modelMs, ofTorch, placesOfModel } from '../torch.ts'

export const graphBreaks = defineRule(
  ofTorch({
    id: 'graph-breaks',
    area: 'software',
    title: 'The model breaks the graph of torch.compile',
    check(torch, { latency: { p50Ms } }) {
      const trial = torch.trials.find(({ id }) => id === 'compile')
      if (trial?.breaks === undefined) return { notChecked: trial?.reason ?? 'torch.compile was not tried' }
      if (trial.breaks.length === 0) return 'clear'
      const places = trial.breaks.flatMap(({ file, line }) =>
        file === null || line === null ? [] : [{ file, line, function: null }],
      )
      return {
        ...tell`torch.compile makes ${countFact('graph', trial.graphs ?? trial.breaks.length + 1)} of the model instead of one: ${trial.breaks[0]!.reason}. Operators are fused within each graph alone.`,
        // Of a model that is not compiled no break costs anything.
        ...(torch.compiled
          ? { timeMs: modelMs(torch, p50Ms), ...UNTRIED, savingUnknown: 'the model without the breaks was not run' }
          : { timeMs: 0, wouldSaveMs: 0, basis: 'measured' as const }),
        places: places.length > 0 ? places : placesOfModel(torch),
      }
    },
  }),
)
