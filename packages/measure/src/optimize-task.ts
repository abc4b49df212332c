// The graph as the engine runs it, written by opening the model once.

import { engineOf } from './trials/engine-of.ts'
import type { ModelTask } from './trials/model-task.ts'
import { defineTask } from './trials/port.ts'

export interface OptimizeInput extends ModelTask {
  /** Where the engine is to write the graph. */
  readonly optimizedModelPath: string
}

async function writeOptimized(input: OptimizeInput): Promise<null> {
  const { options, optimizedModelPath } = input
  const session = await engineOf(input.engine).open(input.modelFile, { ...options, optimizedModelPath })
  await session.close()
  return null
}

export const optimizeTask = defineTask('optimize', import.meta.url, writeOptimized)
