// manifest.json: by it a folder is known as whyslow's, and by its schema what the folder is for.
import fs from 'node:fs'
import path from 'node:path'

export const MANIFEST_FILE = 'manifest.json'

/** Names of the schemas, of this version and of later ones, by what the folder is for. */
const SCHEMAS = {
  predictor: /^whyslow-folder\/\d+$/,
  generator: /^whyslow-generator\/\d+$/,
  program: /^whyslow-program\/\d+$/,
} as const

export type FolderPurpose = keyof typeof SCHEMAS

/** What the folder's manifest says of it; undefined if the folder is not whyslow's. */
function readManifest(folder: string): { readonly purpose: FolderPurpose; readonly files: ReadonlySet<string> } | undefined {
  try {
    const { schema, files } = JSON.parse(fs.readFileSync(path.join(folder, MANIFEST_FILE), 'utf8'))
    const purpose = (Object.keys(SCHEMAS) as FolderPurpose[]).find((one) => SCHEMAS[one].test(schema))
    if (purpose === undefined || !Array.isArray(files)) return undefined
    return { purpose, files: new Set([MANIFEST_FILE, ...files.map((file) => String(file.path))]) }
  } catch {
    return undefined
  }
}

/** Paths that the manifest in `folder` lists, itself included; undefined if the folder is not whyslow's. */
export const filesOfFolder = (folder: string): ReadonlySet<string> | undefined => readManifest(folder)?.files
