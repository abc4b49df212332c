// A file that is a zip archive and an HDF5 file at once, for tests.

/** The archive's members first, then the HDF5 file behind a user block of 512, 1024, 2048 … bytes, then the archive's directory. */
export function zipAndHdf5(zip: Uint8Array, hdf5: Uint8Array): Buffer {
  const archive = Buffer.from(zip)
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  const directory = archive.readUInt32LE(end + 16)
  let userBlock = 512
  while (userBlock < directory) userBlock *= 2
  const moved = Buffer.from(archive.subarray(end))
  moved.writeUInt32LE(userBlock + hdf5.byteLength, 16)
  return Buffer.concat([
    archive.subarray(0, directory),
    Buffer.alloc(userBlock - directory),
    hdf5,
    archive.subarray(directory, end),
    moved,
  ])
}
