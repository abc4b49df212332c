// Files of tests that would only say that their engine is not installed. Each would start a process for that.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { TestSpecification } from 'vitest/node'

/** It asks again with a driver of its own (packages/measure/test/support/engines/check-engine.ts). */
const ASKS_AGAIN = 'ort-webgpu'

/** Why the engine of the file is missing; null if it is there or was not asked, and of a file that has more tests than its engine's suite. */
export function missingEngine({ project, moduleId }: TestSpecification): string | null {
  const name = basename(moduleId, '.test.ts')
  // 'marked.litert': all of its tests need that engine.
  const id = name.split('.').at(-1)!
  const hasOthers = id === name && /^(test|it|describe)\b/m.test(readFileSync(moduleId, 'utf8'))
  const found = project.getProvidedContext().availability?.[id]
  if (found === undefined || found.ok || id === ASKS_AGAIN || hasOthers) return null
  return `${found.reason}; ${found.fix}`
}
