// Which engines are here, each asked in a process of its own, one after the other: two browsers at once would slow each other down.
import { engines } from '../engines/index.ts'
import { describeEngine } from '../measure/describe-engine.ts'
import type { EnginesDocument } from '../report/documents/engines.ts'
import { localTrials } from '../trials/local-runner.ts'
import { DEFAULTS, type PlaceOptions, type WhyOptions } from './options.ts'
import { placesOf } from './run.ts'
import { toolVersion } from './version.ts'

export async function listEngines(
  given: Partial<PlaceOptions & Pick<WhyOptions, 'trials' | 'onProgress' | 'signal'>> = {},
): Promise<EnginesDocument> {
  const rows: EnginesDocument['engines'] = []
  const places = placesOf({ ...DEFAULTS, ...given })
  for (const [done, { id, title, precision }] of engines.entries()) {
    given.onProgress?.({ stage: `looking for ${id}`, done, of: engines.length })
    const found = await describeEngine((given.trials ?? localTrials).run, id, places, given.signal)
    const chosen = precision === undefined ? {} : { precision }
    rows.push(
      found.ok
        ? {
            id,
            title,
            ...chosen,
            here: true,
            version: found.version,
            device: found.device,
            deviceKind: found.deviceKind,
            from: found.from,
            ...(found.passedOver === undefined ? {} : { passedOver: found.passedOver }),
            reason: null,
            fix: null,
          }
        : {
            id,
            title,
            ...chosen,
            here: false,
            version: null,
            device: null,
            deviceKind: null,
            from: null,
            reason: found.reason,
            fix: found.fix,
          },
    )
  }
  return { schema: 'whyslow-engines/1', tool: { version: toolVersion }, engines: rows }
}
