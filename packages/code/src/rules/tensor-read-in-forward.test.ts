import { checkRule, exampleLine, examplePattern } from '../../test/support/check-rule.ts'
import { exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { tensorReadInForward } from './tensor-read-in-forward.ts'

const read = { method: 'item', file: 'model.py', line: 14, function: 'Net.forward', calls: 3 }

const inLoop = (selfMs: number): Partial<PipelineEvidence> => ({
  lines: [exampleLine({ file: 'model.py', line: 14, selfMs })],
  patterns: [
    examplePattern({
      pattern: 'device-read',
      file: 'model.py',
      line: 14,
      endLine: 14,
      loop: { line: 13, endLine: 14, depth: 1 },
    }),
  ],
})

checkRule(tensorReadInForward, {
  found: [
    {
      name: 'torch.compile breaks there',
      given: torchPipeline({
        reads: [read],
        trials: [exampleTrial('compile', { graphs: 2, breaks: [{ reason: 'Tensor.item', file: 'model.py', line: 14 }] })],
      }),
      // 3 × 2000 ns
      expect: { timeMs: 0.006, wouldSaveMs: null, detail: /model\.py:14 reads values by \.item\(\), 3 times a prediction/ },
    },
    {
      name: 'on a GPU',
      given: torchPipeline({ reads: [{ ...read, method: '__bool__' }], device: 'cuda' }),
      expect: { timeMs: 0.006, wouldSaveMs: null, detail: /a condition on a tensor/ },
    },
    {
      name: 'a loop over what the model gave',
      given: torchPipeline({ reads: [{ ...read, calls: 400, inside: false }] }),
      // 400 × 2000 ns
      expect: { title: 'Values are read from tensors one by one', timeMs: 0.8, detail: /one transfer of its result/ },
    },
    {
      name: 'the result of the model, read four times on a GPU',
      given: torchPipeline({ reads: [{ ...read, calls: 4, inside: false }], device: 'cuda' }),
      expect: { timeMs: 0.008 },
    },
    {
      name: 'a loop whose line takes less than 5 % of 10 ms by the profiler',
      given: torchPipeline({ reads: [{ ...read, calls: 400, inside: false }] }, inLoop(0.49)),
      expect: { timeMs: 0.8 },
    },
    {
      name: 'a loop inside the model, whatever its line takes',
      given: torchPipeline({ reads: [{ ...read, calls: 400 }] }, inLoop(5)),
      expect: { timeMs: 0.8 },
    },
  ],
  clear: [
    {
      name: 'a loop that device-transfer-in-the-loop reports, since its line takes 5 % of 10 ms',
      given: torchPipeline({ reads: [{ ...read, calls: 400, inside: false }] }, inLoop(0.51)),
    },
    { name: 'few reads on a CPU', given: torchPipeline({ reads: [read] }) },
    {
      name: 'the result of the model, read three times on a GPU',
      given: torchPipeline({ reads: [{ ...read, calls: 3, inside: false }], device: 'cuda' }),
    },
  ],
})
