// What a shipped folder predicts with on LiteRT, in the caller's thread: bundled as its litert.mjs.
import { type FolderOptions, openLibrary, ownKoffi, predictor } from '../folder-library.ts'
import { apiLoader } from '../koffi.ts'
import { openApi } from './c-api.ts'
import { LITERT } from './find-library.ts'
import { openModel } from './model.ts'

const loadApi = apiLoader(openApi, ownKoffi)

/** `options`: what options.json says of LiteRT; `reuse`: results are written into the same arrays. Errors say in one line what is missing. */
export async function loadHere(options: FolderOptions, modelFile: string, afterClose: () => Error, reuse = false) {
  const model = openModel(await openLibrary(LITERT, options, loadApi), modelFile, options.properties, { reuse })
  const named = [...model.inputs, ...model.outputs].map(({ name }) => name)
  const other = [...options.inputs.map(({ name }) => name), ...options.outputs].find((name) => !named.includes(name))
  if (other !== undefined) throw new Error(`model.tflite is another model: it and options.json differ in ${other}`)
  return predictor(model, options, afterClose)
}
