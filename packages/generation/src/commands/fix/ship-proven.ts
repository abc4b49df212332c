// The folder of a setup: where trials run it, and where the user gets it.
import fs from 'node:fs'
import path from 'node:path'
import { toolVersion } from '@whyslow/command/version.ts'
import { findPackageFolder, type PackageFolder, packageEnvironment } from '@whyslow/measure/engines/find-package.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import { generatorEngines } from '../../engines/index.ts'
import type { WholeProof } from '../../prove/prove-whole.ts'
import type { KeptRemedy } from '../../prove/search.ts'
import { type GeneratorSetup, PLAIN_OPTIONS } from '../../prove/setup.ts'
import { shippedFolder } from '../../prove/shipped-engine.ts'
import { filesToShip } from '../../ship/files-to-ship.ts'
import { licenceOf } from '../../ship/licence.ts'
import { promptFactsOf } from '../../ship/prompt-facts.ts'
import { type RunningPlan, shipGenerator, writeRunningFolder } from '../../ship/ship-generator.ts'
import type { FixRun } from './run.ts'

/** The setup that runs the folder, or why there can be none. */
export async function trialFolder(
  run: FixRun,
  setup: GeneratorSetup,
  kept: readonly KeptRemedy[],
): Promise<GeneratorSetup | string> {
  const plan = await runningPlan(run, setup, kept)
  if (typeof plan === 'string') return plan
  const at = path.join(newFolder(run.folder), 'folder')
  fs.mkdirSync(at)
  await writeRunningFolder(plan, at)
  linkPackages(plan, path.dirname(at))
  const sounds = setup.sounds === undefined ? {} : { sounds: setup.sounds }
  return { engine: shippedFolder.id, source: at, options: PLAIN_OPTIONS, loop: null, ...sounds }
}

export async function shipProven(
  run: FixRun,
  document: GenerationDocument,
  { setup, kept, compared }: WholeProof,
): Promise<void> {
  const plan = await runningPlan(run, setup, kept)
  if (typeof plan === 'string') throw new Error(plan)
  const { out, force } = run.options
  await shipGenerator({ ...plan, out: out!, force, document, results: compared })
}

/** A new, empty folder in the run's. */
export const newFolder = (folder: string): string => fs.mkdtempSync(path.join(folder, 'g-'))

async function runningPlan(
  { source, options, reads }: FixRun,
  setup: GeneratorSetup,
  kept: readonly KeptRemedy[],
): Promise<RunningPlan | string> {
  const engine = generatorEngines.find(({ id }) => id === setup.engine)!
  if (engine.ships === undefined) return `${engine.title} cannot be put into a folder`
  const found = new Map(engine.ships.map((name) => [name, packageOf(name, source)]))
  const missing = engine.ships.find((name) => found.get(name) === null)
  if (missing !== undefined) return `the package ${missing} is not installed`
  const packages = Object.fromEntries([...found].map(([name, at]) => [name, at!.version]))
  return {
    original: source,
    setup,
    files: await filesToShip(setup, source),
    packages,
    engineTitle: engine.title,
    prompts: promptFactsOf(source),
    ...(reads === undefined ? {} : { reads }),
    licence: licenceOf(source),
    changes: kept.flatMap(({ changes }) => changes),
    toolVersion,
    createdAt: new Date().toISOString(),
    signal: options.signal,
  }
}

/** The package that engines find: in the current project, with whyslow, or in the project that the model is in. */
const packageOf = (name: string, source: string): PackageFolder | null =>
  findPackageFolder(name, null) ?? findPackageFolder(name, null, packageEnvironment(path.dirname(path.resolve(source))))

/** Links what `npm install` would copy. */
function linkPackages({ packages, original }: RunningPlan, folder: string): void {
  const modules = path.join(folder, 'node_modules')
  for (const name of Object.keys(packages)) {
    const link = path.join(modules, name)
    fs.mkdirSync(path.dirname(link), { recursive: true })
    fs.symlinkSync(packageOf(name, original)!.folder, link, 'junction')
  }
}
