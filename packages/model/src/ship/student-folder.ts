// The folder of a distilled model: as `fix` ships code, with the record of how it was found.
import path from 'node:path'
import { nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { type Folder, folderAt, writeFile } from '@whyslow/command/model-files/folder.ts'
import { MANIFEST_FILE } from '@whyslow/command/model-files/manifest.ts'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { placeFolder } from '@whyslow/command/model-files/place.ts'
import type { CompilableModel } from '@whyslow/compile/read/index.ts'
import { compiledOptions, writeCompiled, writePythonRunner } from './compiled-files.ts'
import { arrayOf, predictTypes } from './predict-types.ts'
import { COMPILED_REQUIREMENTS, type CompiledPythonPlan, compiledModule, pythonPackage, pythonTypes } from './python-module.ts'
import { shippedText } from './ship-folder.ts'

export interface StudentPlan {
  readonly out: string
  readonly force: boolean
  readonly original: { readonly file: string; readonly sha256: string }
  readonly compilable: CompilableModel
  /** The distillation document. */
  readonly document: object
  /** Lines of README.md about what it is and what was measured. */
  readonly readme: readonly string[]
  readonly toolVersion: string
  readonly createdAt: string
  readonly signal?: AbortSignal
}

/** Writes the folder `plan.out`, or nothing. Throws InputError for what `checkOut` refuses and a disk that refuses. */
export async function shipStudent(plan: StudentPlan): Promise<void> {
  const target = checkOut(plan.out, plan.force, plan.original.file, nodeDisk)
  await placeFolder(target, (at) => writeContents(plan, at), nodeDisk, plan.out)
}

async function writeContents(plan: StudentPlan, at: string): Promise<void> {
  const { compilable, toolVersion, original, signal, createdAt } = plan
  const folder = folderAt(at, nodeDisk, signal)
  const written = `// Written by whyslow ${toolVersion}.\n`
  await writeCompiled(compilable, folder, written)
  await folder.add('options.json', 'options', `${JSON.stringify({ compiled: compiledOptions(compilable) }, null, 2)}\n`)
  await folder.add('predict.mjs', 'predict', `${written}${shippedText('predict.mjs')}`)
  await folder.add('predict-worker.mjs', 'worker', `${written}${shippedText('predict-worker.mjs')}`)
  for (const name of ['predict.d.ts', 'predict.d.mts']) await folder.add(name, 'types', typesOf(plan))
  const plain = { ...tensorsOf(compilable), toolVersion }
  await folder.add('predict.py', 'python', compiledModule(plain, shippedText('predict.py')))
  await folder.add('predict.pyi', 'types', pythonTypes(plain, true))
  await writePythonRunner(folder, `# Written by whyslow ${toolVersion}.\n`)
  await folder.add('__init__.py', 'python', pythonPackage(toolVersion))
  await folder.add('py.typed', 'types', '')
  await folder.add('requirements.txt', 'package', COMPILED_REQUIREMENTS)
  const about = {
    name: 'student',
    version: '1.0.0',
    private: true,
    type: 'module',
    exports: './predict.mjs',
    types: './predict.d.ts',
  }
  await folder.add('package.json', 'package', `${JSON.stringify(about, null, 2)}\n`)
  await folder.add('README.md', 'readme', readmeOf(plan))
  await folder.add('distillation.json', 'report', `${JSON.stringify(plan.document, null, 2)}\n`)
  await writeManifest(folder, at, { createdAt, original: { ...original, file: path.basename(original.file) }, toolVersion })
}

async function writeManifest(
  folder: Folder,
  at: string,
  {
    toolVersion,
    ...about
  }: { readonly createdAt: string; readonly original: StudentPlan['original']; readonly toolVersion: string },
): Promise<void> {
  const manifest = { schema: 'whyslow-folder/1', tool: { name: 'whyslow', version: toolVersion }, ...about, files: folder.files }
  await writeFile(path.join(at, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, nodeDisk)
}

const typesOf = ({ compilable, toolVersion }: StudentPlan): string =>
  predictTypes({ ...tensorsOf(compilable), reuseOutputs: false, generated: true, toolVersion })

function tensorsOf({ inputs, outputs }: CompilableModel): Pick<CompiledPythonPlan, 'inputs' | 'outputs'> {
  return {
    inputs: inputs.map(({ name, dtype, columns }) => ({ name, dtype, isTensor: true, shape: ['rows', columns] })),
    outputs: outputs.map(({ name, dtype, rank, columns }) => ({
      name,
      dtype,
      isTensor: true,
      shape: rank === 1 ? ['rows'] : ['rows', columns],
    })),
  }
}

function readmeOf({ compilable: { inputs }, readme }: StudentPlan): string {
  const feeds = inputs.map(({ name, dtype, columns }) => {
    const data = dtype === 'string' ? `new Array(${columns}).fill('')` : `new ${arrayOf(dtype)}(${columns})`
    return `${JSON.stringify(name)}: { type: '${dtype}', data: ${data}, dims: [1, ${columns}] }`
  })
  const feed = `{ ${feeds.join(', ')} }`
  const code = [
    "import { load } from './predict.mjs'",
    '',
    'const model = await load()',
    `const results = await model.predict(${feed})`,
  ]
  return `${readme.join('\n')}\n\n## In Node\n\nNothing is to be installed.\n\n\`\`\`js\n${code.join('\n')}\n\`\`\`\n`
}
