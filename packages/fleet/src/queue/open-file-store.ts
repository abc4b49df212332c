// `--shared-models`: a folder, or a bucket; what a bucket takes is loaded when one is named.
import { InputError } from '@whyslow/graph/input-error.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { type FileStore, folderStore } from './file-store.ts'

/** `where`: a folder, or s3://bucket/prefix. Throws InputError if it is no address, or the package is absent. */
export async function openFileStore(where: string): Promise<FileStore> {
  if (where.startsWith('s3://')) return (await import('./s3-store.ts')).openS3(where)
  // A name in a scheme would be made as a folder of that name.
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(where))
    throw new InputError(`--shared-models ${addressName(where)}: give a folder that all machines see, or s3://bucket/prefix`)
  return folderStore(where)
}
