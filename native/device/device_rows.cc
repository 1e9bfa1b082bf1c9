#include "device/device_rows.h"

namespace gru {

namespace {

Status upload_table(Device& device, Buffer<std::int32_t>& buffer,
                    std::span<const std::int32_t> table) {
  if (table.empty()) return {};
  GRU_RETURN_IF_ERROR(buffer.reserve(device, table.size()));
  return device.upload(buffer.span(), table);
}

}  // namespace

Status DeviceRows::load(Device& device, const BatchShape& shape, bool batch_first) {
  // Calls of one shape often follow each other. A call for a single step must not build again the
  // tables that exist already.
  if (loaded_ && shape.lengths.empty() && map_.is_dense() && shape.steps == map_.steps() &&
      shape.batch == map_.batch() && batch_first == batch_first_) {
    return {};
  }
  loaded_ = false;
  GRU_RETURN_IF_ERROR(RowMap::build(shape, batch_first, map_));
  counted_.set(device, map_.bytes());
  GRU_RETURN_IF_ERROR(upload_table(device, to_padded_, map_.to_padded()));
  GRU_RETURN_IF_ERROR(upload_table(device, to_packed_, map_.to_packed()));
  GRU_RETURN_IF_ERROR(upload_table(device, sorted_indices_, map_.sorted_indices()));
  GRU_RETURN_IF_ERROR(upload_table(device, unsorted_indices_, map_.unsorted_indices()));
  GRU_RETURN_IF_ERROR(
      upload_table(device, nonempty_unsorted_indices_, map_.nonempty_unsorted_indices()));
  GRU_RETURN_IF_ERROR(upload_table(device, logical_, map_.logical()));
  loaded_ = true;
  batch_first_ = batch_first;
  return {};
}

Status DeviceRows::pack(Device& device, DeviceMatrix<const float> padded, Buffer<float>& scratch,
                        DeviceMatrix<const float>& packed) const {
  if (map_.is_identity()) {
    packed = padded;
    return {};
  }
  const std::size_t width = padded.columns();
  GRU_RETURN_IF_ERROR(scratch.reserve(device, CheckedSize(map_.rows()) * width));
  packed = DeviceMatrix<const float>(scratch.span().data(), map_.rows(), width, width);
  return device.gather_rows(DeviceMatrix<float>(scratch.span().data(), map_.rows(), width, width),
                            padded, span_of(to_padded_, map_.to_padded()));
}

Status DeviceRows::pack(Device& device, DeviceSpan<const std::int32_t> padded,
                        Buffer<std::int32_t>& scratch,
                        DeviceSpan<const std::int32_t>& packed) const {
  if (map_.is_identity()) {
    packed = padded;
    return {};
  }
  GRU_RETURN_IF_ERROR(scratch.reserve(device, map_.rows()));
  packed = scratch.span();
  return device.gather_rows(scratch.span(), padded, span_of(to_padded_, map_.to_padded()));
}

Status DeviceRows::unpack(Device& device, DeviceMatrix<const float> packed,
                          DeviceMatrix<float> padded) const {
  if (!map_.is_identity())
    return device.gather_rows(padded, packed, span_of(to_packed_, map_.to_packed()));
  return packed.data() == padded.data() ? Status() : device.copy(padded, packed);
}

Status DeviceRows::pack_sequences(Device& device, DeviceMatrix<const float> padded,
                                  Buffer<float>& scratch, DeviceMatrix<const float>& packed) const {
  if (map_.keeps_order()) {
    packed = padded.row_range(0, map_.nonempty_sequences());
    return {};
  }
  const std::size_t width = padded.columns();
  GRU_RETURN_IF_ERROR(scratch.reserve(device, CheckedSize(map_.nonempty_sequences()) * width));
  const DeviceMatrix<float> target(scratch.span().data(), map_.nonempty_sequences(), width, width);
  packed = target;
  return device.gather_rows(
      target, padded,
      span_of(sorted_indices_, map_.sorted_indices()).subspan(0, map_.nonempty_sequences()));
}

Status DeviceRows::pack_sequences(Device& device, DeviceSpan<const std::int32_t> padded,
                                  Buffer<std::int32_t>& scratch,
                                  DeviceSpan<const std::int32_t>& packed) const {
  if (map_.keeps_order()) {
    packed = padded.subspan(0, map_.nonempty_sequences());
    return {};
  }
  GRU_RETURN_IF_ERROR(scratch.reserve(device, map_.nonempty_sequences()));
  packed = scratch.span();
  return device.gather_rows(
      scratch.span(), padded,
      span_of(sorted_indices_, map_.sorted_indices()).subspan(0, map_.nonempty_sequences()));
}

Status DeviceRows::unpack_sequences(Device& device, DeviceMatrix<const float> packed,
                                    DeviceMatrix<float> padded) const {
  if (map_.keeps_order()) {
    const std::size_t rest = padded.rows() - packed.rows();
    GRU_RETURN_IF_ERROR(device.fill(padded.row_range(packed.rows(), rest), 0));
    return device.copy(padded.row_range(0, packed.rows()), packed);
  }
  return device.gather_rows(padded, packed,
                            span_of(nonempty_unsorted_indices_, map_.nonempty_unsorted_indices()));
}

Status DeviceRows::permute_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                                 std::size_t width, DeviceSpan<const std::int32_t> index) const {
  const std::size_t block = map_.batch() * width;
  for (std::size_t offset = 0; offset < from.size(); offset += block) {
    const DeviceMatrix<const float> source(from.subspan(offset, block), width);
    const DeviceMatrix<float> target(to.subspan(offset, block), width);
    GRU_RETURN_IF_ERROR(index.empty() ? device.copy(target, source)
                                      : device.gather_rows(target, source, index));
  }
  return {};
}

Status DeviceRows::sort_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                              std::size_t width) const {
  return permute_batch(device, from, to, width, span_of(sorted_indices_, map_.sorted_indices()));
}

Status DeviceRows::unsort_batch(Device& device, DeviceSpan<const float> from, DeviceSpan<float> to,
                                std::size_t width) const {
  return permute_batch(device, from, to, width,
                       span_of(unsorted_indices_, map_.unsorted_indices()));
}

}  // namespace gru
