// Other engines that fail do so after seconds, and those that hang after the whole limit: each is let fail once.
import type { NotMeasured } from '@whyslow/measure/trials/port.ts'
import type { Bench } from './bench.ts'

/** The bench, on which an engine that failed in a look at a setup is not given it again. One that hung and has not worked so far is given none. */
export function rememberFailures(bench: Bench): Bench {
  const failures = new Map<string, NotMeasured>()
  const works = new Set<string>()
  return {
    ...bench,
    async measure(setup, depth = 'look') {
      const { engine } = setup
      if (engine === undefined || depth !== 'look') return bench.measure(setup, depth)
      const key = bench.keyOf(setup)
      const known = failures.get(key) ?? (works.has(engine.id) ? undefined : failures.get(hungKey(engine.id)))
      if (known !== undefined) return known
      const trial = await bench.measure(setup, depth)
      if (trial.outcome === 'measured') works.add(engine.id)
      else failures.set(key, trial)
      if (trial.outcome === 'timed-out' && engine.cut === undefined) failures.set(hungKey(engine.id), trial)
      return trial
    },
  }
}

const hungKey = (engineId: string): string => `hung ${engineId}`
