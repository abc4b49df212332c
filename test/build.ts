// Trials, pages and threads run compiled code (src/engines/compiled-twin.ts): before any test, dist/ is made of the sources under test.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from './sources.ts'

export default function setup(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the sources do not compile')
}
