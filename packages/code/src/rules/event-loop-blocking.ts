// Time in which nothing else can run: one piece of synchronous work that timers, requests and health checks wait for.
import type { RuleFinding } from '@whyslow/diagnosis/rule.ts'
import { ms, tell } from '@whyslow/diagnosis/tell.ts'
import { hotPatterns, inWords, placeOf, placesOf } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** A long task, as browsers count them: https://w3c.github.io/longtasks/ */
const LONG_MS = 50
/** A call that has an asynchronous twin is told from here on. */
const CALL_MS = 5

const CURES = {
  javascript: 'Its asynchronous twin, or a worker thread,',
  python: 'await asyncio.to_thread(…), or its asynchronous twin,',
} as const

export const eventLoopBlocking = defineRule({
  id: 'event-loop-blocking',
  area: 'software',
  title: 'The event loop is blocked while it works',
  needs: ['calls', 'patterns'],
  check(evidence) {
    const calls = hotPatterns(evidence, ['blocking-call']).filter(({ timeMs }) => timeMs >= CALL_MS)
    const found: RuleFinding[] = calls.map(({ pattern, timeMs }) => ({
      ...tell`${pattern.callee ?? 'The call'} at ${inWords(pattern)} keeps the event loop for ${ms('call', timeMs)}: no request is
        answered meanwhile. ${CURES[evidence.language]} leaves the loop free; one prediction alone takes as long.`,
      timeMs,
      wouldSaveMs: 0,
      basis: 'modelled',
      places: [placeOf(pattern)],
    }))
    const long = evidence.stages.filter(({ facts }) => (facts?.eventLoopDelayMs ?? 0) >= LONG_MS)
    if (found.length > 0) return found
    return long.map((stage) => ({
      ...tell`${stage.name} keeps the event loop for ${ms('delay', stage.facts!.eventLoopDelayMs!)} at a time: no request is answered
        meanwhile. A worker thread, or work in pieces with setImmediate between them, leaves the loop free.`,
      timeMs: Math.min(evidence.latency.p50Ms, stage.facts!.eventLoopDelayMs!),
      wouldSaveMs: 0,
      basis: 'measured' as const,
      places: placesOf(stage),
    }))
  },
})
