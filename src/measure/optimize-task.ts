// The graph as the engine runs it, written by opening the model once.

import type { ModelTask } from '../trials/model-task.ts'
import { defineTask } from '../trials/port.ts'
import { openSession } from './open.ts'

export interface OptimizeInput extends ModelTask {
  /** Where the engine is to write the graph. */
  readonly optimizedModelPath: string
}

async function writeOptimized(input: OptimizeInput): Promise<null> {
  const session = await openSession(input, { optimizedModelPath: input.optimizedModelPath })
  await session.close()
  return null
}

export const optimizeTask = defineTask('optimize', import.meta.url, writeOptimized)
