// The trial that measures a generator in a process of its own.
import { processClock } from '@whyslow/measure/engines/sampler.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import { generatorEngineById } from '../engines/index.ts'
import { watchGarbage } from './garbage.ts'
import { type HostFacts, watchHost } from './host.ts'
import { measureProcess } from './process.ts'
import type { MeasureInput, ProcessMeasurement } from './types.ts'

async function measureGenerator({ engine: id, source, options, plan }: MeasureInput): Promise<ProcessMeasurement> {
  const engine = generatorEngineById(id)
  if (engine === undefined) throw new Error(`no such engine: ${id}`)
  const garbage = watchGarbage()
  const host = watchHost(() => engine.open(source, options))
  try {
    let facts: HostFacts | null = null
    const measured = await measureProcess(host.open, plan, {
      now: processClock,
      garbageMs: garbage.between,
      // The curves fill caches at once, which no user's call does.
      callsMade: () => {
        facts = host.facts()
      },
    })
    return { ...measured, host: facts ?? host.facts() }
  } finally {
    garbage.end()
  }
}

export const measureTask = defineTask('generation-measure', import.meta.url, measureGenerator)
