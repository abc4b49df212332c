// TensorFlow's and JAX's trace.json.gz: an image that XProf draws of the profile (openxla/xprof, xplane_to_trace_events.cc), capped at a
// million events or more, with rows that say the same time again. The data itself is the .xplane.pb next to it.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readChrome } from './chrome-timeline.ts'
import { plainArgs } from './event-details.ts'
import { kindOfDeviceRow } from './event-kinds.ts'
import type { Head, TraceReader } from './reader.ts'
import { type Kind, kindCode, type Recording, type Timeline, type Track } from './recording.ts'
import type { TraceSource } from './source.ts'

/** Rows that are derived from others: steps, modules, name scopes. One of operators is summed, no second. */
const DERIVED =
  /^(Steps|XLA Modules|XLA TraceMe|Async XLA Ops|Framework Ops|Framework Name Scope|TensorFlow Ops|TensorFlow Name Scope|Launch Stats|Source code|Host Offload)/i

function recognises({ kind, text, keys }: Head): string | undefined {
  if (kind !== 'object' || !(keys.includes('traceEvents') || keys.includes('displayTimeUnit'))) return undefined
  const process = /"name"\s*:\s*"process_name"[^{}]*\{\s*"name"\s*:\s*"(\/(?:host|device):[^"]*)"/.exec(text)
  const other = /"args"\s*:\s*\{\s*"name"\s*:\s*"(\/(?:host|device):[^"]*)"/.exec(text)
  const name = process?.[1] ?? other?.[1]
  return name === undefined ? undefined : `the process ${name}`
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const { timeline, warnings } = await readChrome(source, {
    deviceOf: (process) => /\/device:(GPU|TPU|CUSTOM)[^ ]*/i.exec(process)?.[0],
    args: ({ builder, bytes, at }, kind, into) => {
      if (kind !== 'slice') return
      const args = plainArgs(bytes, at)
      const [longName, hlo] = [args.long_name ?? args.tf_op, args.hlo_op]
      // Statistics are text here.
      const step = Number(args.step_num ?? Number.NaN)
      if (Number.isFinite(step)) {
        into.detail = builder.detail(`step ${step}`, () => ({ step }))
        return
      }
      const opType =
        typeof longName === 'string' && /(?<!:):[A-Z_]\w*$/.test(longName)
          ? longName.slice(longName.lastIndexOf(':') + 1)
          : undefined
      if (opType === undefined && typeof hlo !== 'string') return
      const named = opType ?? String(hlo).replace(/[.\d]+$/, '')
      into.detail = builder.detail(named, () => ({ opType: named }))
    },
  })
  settleKinds(timeline)
  const neighbour = planeBeside(source.file)
  return {
    ...{ kind: 'timeline', format: 'tensorflow', version: null, recognisedBy, recordedWith: [], devices: [] },
    ...{ slowed: true, memory: null, timeline },
    warnings: [
      ...warnings,
      ...(neighbour === undefined ? [] : [`${neighbour} in the same folder contains more: whyslow explain ${neighbour}`]),
    ],
  }
}

/** Names of tracks may come last, so that what a slice is shows only now. */
function settleKinds(timeline: Timeline): void {
  const { kind, track, tracks, name, names, details, detail, length } = timeline
  const onDevice = tracks.map(kindOnTrack)
  const byName = new Map<number, Kind>()
  for (let i = 0; i < length; i++) {
    const where = onDevice[track[i]!]
    if (where === 'derived') kind[i] = kindCode('device-wait')
    else if (where === 'device') {
      const known = byName.get(name[i]!) ?? kindOfDeviceRow(names[name[i]!]!)
      byName.set(name[i]!, known)
      kind[i] = kindCode(known)
    } else if (details[detail[i]!]!.opType !== undefined) kind[i] = kindCode('op')
  }
}

function kindOnTrack({ device, threadName }: Track): 'host' | 'device' | 'derived' {
  if (device === null) return 'host'
  return DERIVED.test(threadName ?? '') ? 'derived' : 'device'
}

function planeBeside(file: string): string | undefined {
  const folder = dirname(file)
  if (!existsSync(folder)) return undefined
  const name = readdirSync(folder).find((one) => one.endsWith('.xplane.pb'))
  return name === undefined ? undefined : join(folder, name)
}

export const tensorflow: TraceReader = { id: 'tensorflow', title: 'TensorFlow and JAX trace.json', recognises, read }
