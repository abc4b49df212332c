// The folder that a user ships: the model as it was proven, the engine and options it was proven with, code that runs it, and the
// record of both. docs/shipped-folder.md describes each file.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { type Disk, nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { type Folder, folderAt, writeFile } from '@whyslow/command/model-files/folder.ts'
import { MANIFEST_FILE } from '@whyslow/command/model-files/manifest.ts'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { placeFolder } from '@whyslow/command/model-files/place.ts'
import { compiledEnds } from '@whyslow/compile/read/ends.ts'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isVersion } from '@whyslow/graph/version.ts'
import { compilableFor, writeCompiled, writeProgram, writePythonRunner, writeRunner } from './compiled-files.ts'
import { codeOf, optionalPeers } from './libraries.ts'
import { manifestText } from './manifest.ts'
import { modelFileOf, writeModelOf } from './model-file.ts'
import type { RunnablePlan, ShipPlan } from './plan.ts'
import { predictTypes } from './predict-types.ts'
import { hasPythonModule, pythonModule, pythonPackage, pythonRequirements, pythonTypes } from './python-module.ts'
import { readmeText } from './readme.ts'
import { optionsText } from './session-options.ts'

/**
 * Writes the folder `plan.out`, or nothing: it is written to a temporary name and renamed when it is complete. An existing whyslow folder is
 * replaced. Throws InputError for what `checkOut` refuses, a disk that refuses, and a model that changed since it was read; with
 * `signal.reason` where the plan's signal stops it.
 */
export async function shipFolder(plan: ShipPlan, disk: Disk = nodeDisk): Promise<void> {
  const target = checkOut(plan.out, plan.force, plan.original.file, disk)
  await placeFolder(target, (folder) => writeContents(plan, folder, disk), disk, plan.out)
}

/** The model and the code that predicts with it, as they are shipped, into the existing, empty folder `at`. */
export async function writeRunnable(plan: RunnablePlan, at: string): Promise<void> {
  // Of what is gone with the run nothing need survive a power cut.
  const folder = folderAt(at, { ...nodeDisk, sync() {} }, plan.signal)
  await writeModelAndCode(plan, folder)
}

/** The folder's files into the existing, empty folder `at`; errors of the disk as they come. */
async function writeContents(plan: ShipPlan, at: string, disk: Disk): Promise<void> {
  const folder = folderAt(at, disk, plan.signal)
  await writeModelAndCode(plan, folder)
  const { setup, engine } = plan
  const kind = { generated: engine.generated === true, library: engine.library !== undefined }
  const types = predictTypes({ ...plan, ...kind, reuseOutputs: setup.options.reuseOutputs === true })
  for (const name of ['predict.d.ts', 'predict.d.mts']) await folder.add(name, 'types', types)
  await folder.add('package.json', 'package', packageText(plan))
  if (hasPythonModule(plan)) await writePython(plan, folder)
  for (const name of ['serve.mjs', 'serve-worker.mjs'])
    await folder.add(name, 'server', `// Written by whyslow ${plan.toolVersion}.\n${bundledText(name)}`)
  await folder.add('README.md', 'readme', readmeText(plan))
  await folder.add('report.json', 'report', `${JSON.stringify(plan.report, null, 2)}\n`)
  if (plan.html !== undefined) await folder.add('report.html', 'report', plan.html)
  await writeFile(path.join(at, MANIFEST_FILE), manifestText(plan, folder.files), disk, plan.signal)
}

/** What Python imports of it, into a folder of `writeRunnable`. */
export async function writePythonModule(plan: RunnablePlan, at: string): Promise<void> {
  await writePythonCode(plan, folderAt(at, { ...nodeDisk, sync() {} }, plan.signal))
}

async function writePythonCode(plan: RunnablePlan, folder: Folder): Promise<void> {
  await folder.add('predict.py', 'python', pythonModule(plan, shippedText('predict.py')))
  if (plan.engine.generated) await writePythonRunner(folder, `# Written by whyslow ${plan.toolVersion}.\n`)
}

/** What Python imports and installs. */
async function writePython(plan: ShipPlan, folder: Folder): Promise<void> {
  await writePythonCode(plan, folder)
  await folder.add('predict.pyi', 'types', pythonTypes(plan, plan.engine.generated === true))
  await folder.add('__init__.py', 'python', pythonPackage(plan.toolVersion))
  await folder.add('py.typed', 'types', '')
  await folder.add('requirements.txt', 'package', pythonRequirements(plan))
}

/** It is pinned in package.json and stands in comments of code. A library's need not be known. */
function checkVersion({ package: name, version, library, generated }: ShipPlan['engine']): void {
  if (generated || library !== undefined || isVersion(version)) return
  throw new InputError(`${name} says that it is version ${JSON.stringify(version)}, which is not one: install it again`)
}

async function writeModelAndCode(plan: RunnablePlan, folder: Folder): Promise<void> {
  const { setup, engine, toolVersion } = plan
  checkVersion(engine)
  if (engine.generated) await writeCompiled(compilableFor(setup.model), folder, `// Written by whyslow ${toolVersion}.\n`)
  else if (engine.cut !== undefined) await writeParts(plan, folder)
  else await writeModelOf(plan, folder)
  await writeCode(plan, folder)
}

/** What stays of the model for the engine, and its ends as code. */
async function writeParts(plan: RunnablePlan, folder: Folder): Promise<void> {
  const { head, rest, tail } = compiledEnds(plan.setup.model, plan.engine.cut!)
  const written = `// Written by whyslow ${plan.toolVersion}.\n`
  await writeModelOf({ ...plan, setup: { ...plan.setup, model: rest } }, folder)
  if (head !== undefined) await writeProgram(head, folder, { written, name: 'head' })
  if (tail !== undefined) await writeProgram(tail, folder, { written, name: 'tail' })
  await writeRunner(folder, written)
  await folder.add('predict-ends.mjs', 'engine', `${written}${shippedText('predict-ends.mjs')}`)
}

async function writeCode(plan: RunnablePlan, folder: Folder): Promise<void> {
  await folder.add('options.json', 'options', optionsText(plan))
  const { engine, toolVersion } = plan
  const what = engine.generated
    ? 'Predictions with the program of model.json, as README.md says.'
    : `Predictions of ${modelFileOf(engine)} with ${engine.library?.name ?? engine.package} ${isVersion(engine.version) ? engine.version : 'of unknown version'}, as README.md says.`
  await folder.add('predict.mjs', 'predict', `// ${what} Written by whyslow ${toolVersion}.\n${shippedText('predict.mjs')}`)
  await folder.add('predict-worker.mjs', 'worker', `// Written by whyslow ${toolVersion}.\n${shippedText('predict-worker.mjs')}`)
  if (engine.generated) return
  const name = engine.library === undefined ? 'onnxruntime.mjs' : codeOf(engine.library)
  await folder.add(name, 'engine', `// Written by whyslow ${toolVersion}.\n${bundledText(name)}`)
}

/** A file of shipped/: code that is the same in every folder. */
export const shippedText = (name: string): string => readFileSync(new URL(`./shipped/${name}`, import.meta.url), 'utf8')

/** What is bundled is next to the compiled code only, compressed. */
const bundledText = (name: string): string =>
  brotliDecompressSync(readFileSync(new URL(`./shipped/${name}.br`, compiledTwin(import.meta.url)))).toString('utf8')
function packageText({ original, engine, toolVersion }: ShipPlan): string {
  const about = {
    name: packageName(original.file),
    version: '1.0.0',
    description: `Predictions of ${path.basename(original.file)}, made faster by whyslow ${toolVersion}`,
    private: true,
    type: 'module',
    exports: {
      '.': { types: './predict.d.ts', default: './predict.mjs' },
      './manifest.json': './manifest.json',
      './package.json': './package.json',
    },
    types: './predict.d.ts',
    engines: { node: '>=20' },
    dependencies: dependenciesOf(engine),
    ...(engine.library === undefined ? {} : optionalPeers(engine.library, engine.version)),
  }
  return `${JSON.stringify(about, null, 2)}\n`
}

function dependenciesOf({ package: name, version, library, generated }: ShipPlan['engine']): Record<string, string> {
  if (generated) return {}
  return library === undefined ? { [name]: version } : { [library.calledBy.package]: library.calledBy.range }
}

/** 'My Model.v2.onnx' -> 'my-model.v2-fast'. */
function packageName(file: string): string {
  const { name } = path.parse(file)
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 80)
  return `${plain || 'model'}-fast`
}
