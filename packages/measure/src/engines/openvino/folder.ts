// What a shipped folder predicts with on OpenVINO, in the caller's thread: bundled as its openvino.mjs.
import { createRequire } from 'node:module'
import path from 'node:path'
import { type FolderOptions, openLibrary, ownKoffi, predictor } from '../folder-library.ts'
import { apiLoader } from '../koffi.ts'
import { openApi } from './c-api.ts'
import { OPENVINO } from './find-library.ts'
import { hasInput, openModel } from './model.ts'

const loadApi = apiLoader(openApi, ownKoffi)

/** `options`: what options.json says of OpenVINO; `reuse`: results are written into the same arrays. Errors say in one line what is missing. */
export async function loadHere(options: FolderOptions, modelFile: string, afterClose: () => Error, reuse = false) {
  const api = await openLibrary(OPENVINO, options, loadApi, nodeRuntime())
  const model = openModel(api, modelFile, options, {
    reuse,
    declare: (read) => ({
      inputs: options.inputs.filter(({ name }) => hasInput(api, read, name)).map((input) => ({ ...input, isTensor: true })),
      outputs: options.outputs.map((name) => ({ name })),
    }),
  })
  return predictor(model, options, afterClose)
}

/** The library of openvino-node, as Node finds it from the folder. */
function nodeRuntime(): string | null {
  const name = 'openvino-node'
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    return path.join(entry.slice(0, entry.lastIndexOf(name) + name.length), 'bin')
  } catch {
    return null
  }
}
