// What the smoke tests of commands start from: a scripted machine, two models, folders of the file's own, and what other commands wrote before.
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { type MachineScript, MODEL, profileOf, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { writeModel } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { ModelProtoSchema } from 'onnx-buf'
import { beforeAll, beforeEach, test, vi } from 'vitest'
import { type Ended, onTrials, typed } from './example-command-line.ts'

/** A test of a command, by its name; `why` is the program without a command. smoke.test.ts looks for those that have none. */
export const smoke = (command: string, what: string, body: () => Promise<void>): void => test(`${command}: ${what}`, body)

export const fixture = (name: string): string => path.resolve(import.meta.dirname, '../../../../fixtures', name)
export const inOneLine = (text: string): string => text.replace(/\s+/g, ' ')

/** 3 ms a prediction, 1 ms on one thread; of the profiled time both products take half. */
export const machine = (script: Partial<MachineScript> = {}) =>
  scriptedMachine({
    latency: ({ options }) => (options.threads === 1 ? 1 : 3),
    ...script,
    more: { profile: profileOf({ Gemm: 1.5 }), ...script.more },
  })
export const run = (line: string, script: Partial<MachineScript> = {}): Promise<Ended> =>
  typed(line, { stages: onTrials(machine(script)) })

/** What other commands start from: a report with its evidence in the history, a machine, a study. */
type Before = 'why' | 'machine' | 'fleet'

/** The folder of a test file, and in it the same model in another file. Before its tests these commands run. */
export function smokeFolder<Names extends Before = never>(...before: readonly Names[]) {
  const folder = folderOfTests()
  const place = (name: string) => path.join(folder, name)
  const other = place('other.onnx')
  const same = fromBinary(ModelProtoSchema, readFileSync(MODEL))
  writeFileSync(other, writeModel(copyWith(same, { producerName: 'another' })))
  /** Stubs end with each test. */
  const inOwnFolders = () => {
    vi.stubEnv('XDG_CACHE_HOME', place('cache'))
    vi.stubEnv('XDG_DATA_HOME', place('data'))
    vi.stubEnv('WHYSLOW_PYTHON', 'off')
  }
  beforeEach(inOwnFolders)
  const lines: Readonly<Record<Before, string>> = {
    why: `${MODEL} --no-cache --save --json ${place('why.json')} --save-evidence ${place('why.evidence')} --html ${place('why.html')}`,
    machine: `machine --refresh --json ${place('machine.json')}`,
    fleet: `fleet ${MODEL} ${other} --batch 1,8 --no-cache --json ${place('fleet.json')}`,
  }
  const ended = {} as Record<Names, Ended>
  beforeAll(async () => {
    inOwnFolders()
    for (const name of before) ended[name] = await run(lines[name])
  })
  return { place, other, ended }
}
