import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { threadCount } from './thread-count.ts'

const one = exampleTrial('threads', { title: '1 thread', threads: 1, code: 'torch.set_num_threads(1)', times: exampleTimes(1.6) })

checkRule(threadCount, {
  found: [
    {
      name: 'one thread is faster than two',
      given: torchPipeline({ trials: [one] }),
      expect: {
        timeMs: 10,
        wouldSaveMs: 3.75,
        detail: /runs on 2 threads\. On 1 thread \(torch\.set_num_threads\) it takes 6\.25 ms/,
      },
    },
  ],
  clear: [{ name: 'no faster', given: torchPipeline({ trials: [{ ...one, times: exampleTimes(1) }] }) }],
})
