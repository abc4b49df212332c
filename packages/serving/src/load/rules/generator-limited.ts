// Numbers that are of the generator, and not of the server.
import { ms, rate, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** A search makes a run for each of many rates. */
const MOST = 3

const shown = (reasons: readonly string[]): readonly string[] =>
  reasons.length <= MOST + 1 ? reasons : [...reasons.slice(0, MOST), 'and more like these']

export const generatorLimited = defineRule({
  id: 'generator-limited',
  area: 'software',
  title: 'The generator could not keep to its schedule',
  needs: ['audit'],
  check({ audit: { ok, reasons, ceilingPerSecond, lagP99Ms } }) {
    if (ok) return 'clear'
    const { facts } =
      tell`${ceilingPerSecond === null ? '' : rate('ceiling', ceilingPerSecond)}${lagP99Ms === null ? '' : ms('lag-p99', lagP99Ms)}`
    return {
      detail: `${shown(reasons).join('; ')}. Numbers that this touches are left out: what would be measured is the generator.`,
      facts,
      timeMs: lagP99Ms ?? 0,
      wouldSaveMs: 0,
      basis: 'measured',
    }
  },
})
