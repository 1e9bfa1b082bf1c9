/** A zip archive's first entry, stored without compression. The rest does not matter here. */
export function zip(name: string, data = 'x'.repeat(100)): Buffer {
  const header = Buffer.alloc(30)
  header.write('PK\x03\x04', 'latin1')
  header.writeUInt16LE(20, 4)
  header.writeUInt32LE(data.length, 18)
  header.writeUInt32LE(data.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name, 'latin1'), Buffer.from(data, 'latin1')])
}
