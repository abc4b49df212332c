import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { exampleTorch } from '../../test/support/example-torch.ts'
import { retracing } from './retracing.ts'

const given = (retraces: number | null) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'tensorflow', retraces })] })

checkRule(retracing, {
  found: [
    { name: 'at every call', given: given(30), expect: { timeMs: 5, wouldSaveMs: null, detail: /traced 30 times/ } },
    { name: 'three times', given: given(3), expect: { detail: /traced 3 times/ } },
    {
      name: 'torch.compile compiles anew for each shape',
      given: { ...given(null), torch: exampleTorch({ compiled: true, recompiles: 8 }) },
      expect: { timeMs: 10, wouldSaveMs: null, detail: /compiled again 8 times.*dynamic=True/ },
    },
  ],
  clear: [
    { name: 'torch.compile once more', given: { ...given(null), torch: exampleTorch({ recompiles: 1 }) } },
    { name: 'once more for the last batch', given: given(1) },
    { name: 'nothing is traced', given: given(null) },
    { name: 'twice', given: given(2) },
  ],
})
