import { checkRule, exampleCall, examplePattern, examplePipeline, exampleStage } from '../../test/support/check-rule.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

const pattern = examplePattern({ pattern: 'blocking-call', line: 7, endLine: 7, callee: 'crypto.pbkdf2Sync' })

const call = (timeMs: number) =>
  examplePipeline({ patterns: [pattern], calls: [exampleCall({ callee: 'crypto.pbkdf2Sync', line: 7, timeMs })] })
const working = (ms: number) => examplePipeline({ stages: [exampleStage('predict', ms, { eventLoopDelayMs: ms })] })

checkRule(eventLoopBlocking, {
  found: [
    {
      name: 'a call that has an asynchronous twin',
      given: examplePipeline({ patterns: [pattern], calls: [exampleCall({ callee: 'crypto.pbkdf2Sync', line: 7, timeMs: 6 })] }),
      expect: { wouldSaveMs: 0, timeMs: 6, places: [{ file: 'app.mjs', line: 7, function: 'preprocess' }] },
    },
    {
      name: 'in Python, within async def',
      given: examplePipeline({
        language: 'python',
        patterns: [{ ...pattern, callee: 'time.sleep' }],
        calls: [exampleCall({ callee: 'time.sleep', line: 7, timeMs: 6 })],
      }),
      expect: { wouldSaveMs: 0, timeMs: 6, detail: /asyncio\.to_thread/ },
    },
    {
      name: 'a stage that works for long without a pause',
      given: examplePipeline({ stages: [exampleStage('predict', 80, { eventLoopDelayMs: 80 })] }),
      expect: { detail: /predict keeps the event loop for 80.0 ms/ },
    },
    { name: 'a call of 5.1 ms', given: call(5.1), expect: { timeMs: 5.1 } },
    { name: 'a stage that works for 51 ms', given: working(51), expect: { basis: 'measured' } },
  ],
  clear: [
    { name: 'short work', given: examplePipeline({ stages: [exampleStage('predict', 6, { eventLoopDelayMs: 6 })] }) },
    { name: 'a call of 4.9 ms', given: call(4.9) },
    { name: 'a stage that works for 49 ms', given: working(49) },
  ],
})
