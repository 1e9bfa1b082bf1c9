/** The device options of a layer or model whose caller names none. GRU_NATIVE_DEVICE chooses them. */
export const deviceDefaults = {
  device: process.env['GRU_NATIVE_DEVICE'] || 'cpu',
  precision: 'float32' as const,
}
