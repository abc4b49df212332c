// The graph as the engine runs it, written by opening the model once.
import { openSession } from './open.ts'
import type { OptimizeInput } from './tasks.ts'

export async function optimizeTask(input: OptimizeInput): Promise<null> {
  const session = await openSession(input, { optimizedModelPath: input.optimizedModelPath })
  await session.close()
  return null
}
