// The last lines of a test run: which tests were left out, and why, by reason.
import type { Reporter, TestModule } from 'vitest/node'
import { isShort, LONG } from './long.ts'

export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const byReason = new Map<string, string[]>()
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result()
        const reason = (result.state === 'skipped' ? result.note : undefined) ?? 'not for this machine'
        byReason.set(reason, [...(byReason.get(reason) ?? []), `${module.relativeModuleId} > ${test.fullName}`])
      }
    }
    if (isShort) byReason.set('files that take long (npm run test:full)', [...LONG])
    for (const [reason, tests] of byReason) console.log(`Left out: ${reason}\n${tests.map((name) => `  ${name}`).join('\n')}`)
  }
}
