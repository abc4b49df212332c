// Numbers that are of the generator, and not of the server.
import { defineLoadRule } from '../rule.ts'

export const generatorLimited = defineLoadRule({
  id: 'generator-limited',
  check({ audit }) {
    if (audit.ok) return null
    return {
      title: 'The generator could not keep to its schedule',
      detail: `${audit.reasons.join('; ')}. Numbers that this touches are left out: what would be measured is the generator.`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        ...(audit.ceilingPerSecond === null ? [] : [{ name: 'ceiling', value: audit.ceilingPerSecond, unit: 'requests/s' }]),
        ...(audit.lagP99Ms === null ? [] : [{ name: 'lag p99', value: audit.lagP99Ms, unit: 'ms' }]),
      ],
    }
  },
})
