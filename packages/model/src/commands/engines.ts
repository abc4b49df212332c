// Which engines are installed, each asked in a process of its own, one after the other: two browsers at once would slow each other down.
import { placesOf } from '@whyslow/command/engine-options.ts'
import { DEFAULTS, type PlaceOptions, type WhyOptions } from '@whyslow/command/options.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { describeEngine } from '@whyslow/measure/describe-engine.ts'
import { engines } from '@whyslow/measure/engines/index.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { EngineRow, EnginesDocument } from '@whyslow/report/documents/engines.ts'

export async function listEngines(
  given: Partial<PlaceOptions & Pick<WhyOptions, 'trials' | 'onProgress' | 'signal'>> = {},
): Promise<EnginesDocument> {
  const rows: EngineRow[] = []
  const places = placesOf({ ...DEFAULTS, ...given })
  for (const [done, { id, title, precision }] of engines.entries()) {
    given.onProgress?.({ stage: `looking for ${id}`, done, of: engines.length })
    const found = await describeEngine((given.trials ?? localTrials).run, id, places, given.signal)
    const chosen = precision === undefined ? {} : { precision }
    const row = { id, title, ...chosen, here: found.ok, version: null, device: null, deviceKind: null, from: null }
    if (!found.ok) rows.push({ ...row, reason: found.reason, fix: found.fix })
    else {
      const { version, device, deviceKind, from, passedOver } = found
      const other = passedOver === undefined ? {} : { passedOver }
      rows.push({ ...row, version, device, deviceKind, from, ...other, reason: null, fix: null })
    }
  }
  return { schema: 'whyslow-engines/1', tool: { version: toolVersion }, engines: rows }
}
