import { checkPipelineRule, exampleCall, examplePattern, examplePipeline, exampleStage } from '../check-pipeline-rule.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

const pattern = examplePattern({ pattern: 'blocking-call', line: 7, endLine: 7, callee: 'crypto.pbkdf2Sync' })
const calling = (timeMs: number) =>
  examplePipeline({ patterns: [pattern], calls: [exampleCall({ callee: 'crypto.pbkdf2Sync', line: 7, timeMs })] })
const working = (timeMs: number) => examplePipeline({ stages: [exampleStage('predict', timeMs, { eventLoopDelayMs: timeMs })] })

checkPipelineRule(eventLoopBlocking, {
  found: [
    {
      name: 'a call that has an asynchronous twin',
      given: calling(6),
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
      given: working(80),
      expect: { detail: /predict keeps the event loop for 80.0 ms/ },
    },
    { name: 'a call of a little more than 5 ms', given: calling(5.2) },
    { name: 'a stage that works for a little more than 50 ms', given: working(52) },
  ],
  clear: [
    { name: 'short work', given: working(6) },
    { name: 'a call of a little less than 5 ms', given: calling(4.8) },
    { name: 'a stage that works for a little less than 50 ms', given: working(48) },
  ],
})
