// Files that take long start first, so that no worker is left with one at the end. Vitest remembers durations in a cache that a clean clone
// lacks; durations.json has them for everyone: seconds by path, of files above half a second (WHYSLOW_TEST_DURATIONS=1 writes them again).
// Files of engines that are not installed do not start at all.
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { missingEngine } from './missing-engine.ts'
import { ROOT } from './root.ts'

export const DURATIONS = join(ROOT, 'test/durations.json')

export default class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = JSON.parse(readFileSync(DURATIONS, 'utf8')) as Readonly<Record<string, number>>
    const of = ({ moduleId }: TestSpecification) => seconds[relative(ROOT, moduleId)] ?? 0
    const order = ({ project }: TestSpecification) => project.config.sequence.groupOrder
    const name = ({ project }: TestSpecification) => project.name
    const runs = files.filter((file) => missingEngine(file) === null)
    return runs.sort((a, b) => order(a) - order(b) || (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0) || of(b) - of(a))
  }
}
