// JavaScript and TypeScript as the `pipeline` command knows them: run by the Node that runs whyslow, or the user's own where they start
// whyslow with it.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import type { AlternativeFact, CallFact, LoopFact, StageFact, ValueFact } from '../facts.ts'
import type { LanguageSide } from '../language.ts'
import type { Message, Target } from '../protocol.ts'
import { attribute } from './attribute.ts'
import type { RawProfile } from './cpu-profile.ts'
import { startOf } from './exported.ts'
import { importFacts } from './import-times.ts'
import { type CallAlternative, isOf } from './instead-of-calls.ts'
import { isUsers } from './prepare.ts'
import type { ProbeRecord } from './probes.ts'
import type { Site } from './source.ts'
import { displayPath, type UserFile, userFiles } from './user-files.ts'

type Raw = Extract<Message, { readonly kind: 'raw' }>

/** What two probes and two looks at the clock take, at most. */
const PROBE_MS = 0.002

const childFile = (): string => fileURLToPath(new URL('./child.js', compiledTwin(import.meta.url)))

export const javascript: LanguageSide = {
  language: 'javascript',
  extensions: ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'],

  command: (file) =>
    Promise.resolve({
      executable: process.execPath,
      arguments: ['--enable-source-maps', childFile(), startOf(file, null)],
      messages: 3,
    }),

  patterns: (file) => Promise.resolve(userFiles(file).flatMap(({ source }) => source.patterns)),

  complete(messages, file) {
    const files = userFiles(file)
    const target = messages.find((message) => message.kind === 'imported')?.target
    return Promise.resolve(
      messages.flatMap((message) =>
        message.kind === 'raw' ? completed(message, files, target) : [placed(message, files, file)],
      ),
    )
  },
}

function completed(raw: Raw, files: readonly UserFile[], target: Target | undefined): Message[] {
  const text = fs.readFileSync(raw.file, 'utf8')
  return raw.what === 'cpu-profile'
    ? fromProfile(raw, JSON.parse(text) as RawProfile, files, target?.stages ?? [])
    : fromProbes(raw, JSON.parse(text) as [string, ProbeRecord][], files)
}

function fromProfile(
  { predictions, p50Ms }: Raw,
  profile: RawProfile,
  files: readonly UserFile[],
  names: readonly string[],
): Message[] {
  const { lines, stacks, samples, stages } = attribute(profile, files, isUsers, profile.intervalsUs.length === 0 ? [] : names)
  const facts: StageFact[] = stages.map(({ nativeMs, waitMs }, at) => ({
    name: names[at]!,
    cpuMs: null,
    nativeMs,
    waitMs,
    gcMs: null,
    allocatedBytes: null,
    eventLoopDelayMs: null,
    result: null,
  }))
  return [
    { kind: 'lines', lines, samples, predictions, p50Ms },
    { kind: 'stacks', stacks },
    { kind: 'stages', stages: facts },
  ]
}

function fromProbes({ predictions, p50Ms }: Raw, seen: readonly [string, ProbeRecord][], files: readonly UserFile[]): Message[] {
  const calls: CallFact[] = []
  const alternatives: AlternativeFact[] = []
  const loops: LoopFact[] = []
  for (const [key, one] of seen) {
    const at = key.lastIndexOf('#')
    const site = files.find(({ path: own }) => own === key.slice(0, at))?.source.sites[Number(key.slice(at + 1))]
    if (site === undefined || one.calls === 0) continue
    const place = { file: displayPath(key.slice(0, at)), line: site.line, function: site.function }
    const perPrediction = one.calls / predictions
    if (site.kind === 'loop') {
      loops.push({ ...place, endLine: site.endLine, tripsPerPrediction: perPrediction, operands: operandsOf(site, one) })
      continue
    }
    const { argument, result, timeMs, concurrent, varies } = one
    // Of a call that takes no longer than the probe, the probe is what was timed.
    const isTold = timeMs / one.calls > PROBE_MS
    const called = {
      callee: site.callee,
      callsPerPrediction: perPrediction,
      timeMs: isTold ? timeMs / predictions : 0,
      stage: null,
    }
    if (one.tried !== undefined && isOf(site.callee, one.tried)) alternatives.push({ ...place, ...alternativeOf(one.tried) })
    const more = { ...(concurrent > 0 ? { awaited: true, concurrent } : {}), ...(varies === true ? { varies } : {}) }
    calls.push({ ...place, ...called, argument, result, ...more })
  }
  return [
    { kind: 'alternatives', alternatives },
    { kind: 'calls', calls, ...(p50Ms > 0 ? { p50Ms } : {}) },
    { kind: 'loops', loops },
  ]
}

const alternativeOf = ({ of: _, ...told }: CallAlternative): Omit<CallAlternative, 'of'> => told

const operandsOf = ({ arrays }: Site, { values }: ProbeRecord): Record<string, ValueFact> =>
  Object.fromEntries(arrays.flatMap((name, at) => (values[at] === undefined ? [] : [[name, values[at]] as const])))

/** Places in messages as the user would write them; where the stages' functions begin. */
function placed(message: Message, files: readonly UserFile[], entry: string): Message {
  if (message.kind === 'failed' && message.place !== null)
    return { ...message, place: { ...message.place, file: displayPath(message.place.file) } }
  if (message.kind === 'imports') return { ...message, imports: importFacts(message.imports, path.resolve(entry), files) }
  if (message.kind === 'sessions') {
    const shorter = <T extends { file: string } | null>(place: T): T =>
      place === null ? place : { ...place, file: displayPath(place.file) }
    return {
      ...message,
      sessions: message.sessions.map((one) => ({
        ...one,
        opened: shorter(one.opened),
        ran: shorter(one.ran),
        ranThrough: (one.ranThrough ?? []).map(shorter),
      })),
    }
  }
  if (message.kind === 'alternatives')
    return { ...message, alternatives: message.alternatives.map((one) => ({ ...one, file: displayPath(one.file) })) }
  if (message.kind !== 'imported') return message
  const { target } = message
  return { ...message, target: { ...target, places: target.stages.map((name) => placeOfStage(name, files)) } }
}

function placeOfStage(name: string, files: readonly UserFile[]): { file: string; line: number } | null {
  const last = name.split('.').at(-1)
  for (const { path: file, source } of files) {
    const found = source.functions.find((one) => one.name === last)
    if (found !== undefined) return { file: displayPath(path.resolve(file)), line: found.line }
  }
  return null
}
