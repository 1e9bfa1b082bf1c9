#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "binding/decoder_object.h"
#include "binding/model_call.h"
#include "binding/model_object.h"
#include "binding/object_class.h"
#include "model/session.h"

namespace gru::binding {

/// NativeSession in JavaScript, of a whole model or of a decoder. Its calls and its model's share
/// one queue.
class SessionObject {
 public:
  static constexpr const char* class_name = "NativeSession";
  static constexpr napi_type_tag type_tag{0x2f6a1d9c84e3b705, 0xa1c5704e9d3f286b};
  static std::unique_ptr<SessionObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  SessionObject(const ModelObject& model, std::shared_ptr<const StepForm> form,
                std::unique_ptr<Session> session);

  napi_value state_count(Arguments& arguments);
  napi_value encode_sync(Arguments& arguments);
  napi_value encode(Arguments& arguments);
  napi_value step_sync(Arguments& arguments);
  napi_value step(Arguments& arguments);
  /// `stepSessions(sessions, inputs, outputs, abort)`, a function of the surface.
  static napi_value step_together(Arguments& arguments);
  napi_value reset(Arguments& arguments);
  napi_value copy_from_sync(Arguments& arguments);
  napi_value copy_from(Arguments& arguments);
  napi_value read_states_sync(Arguments& arguments);
  napi_value read_states(Arguments& arguments);
  napi_value write_states_sync(Arguments& arguments);
  napi_value write_states(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  using IdleModel = SharedModel::IdleObject;

  /// A session as a call finds it: with all resets that were asked for before the call.
  struct Turn {
    std::shared_ptr<Session> session;
    std::uint64_t resets;

    Session& begin() const {
      session->reset_to(resets);
      return *session;
    }
  };

  /// What a decoder's session shares with its copies. Jobs that use it take turns.
  struct Context {
    explicit Context(CheckedSize of_step) : operations(of_step) {}
    CheckedSize operations;  ///< of a step, on what it reads of the sources
  };

  /// Fails with ERR_GRU_DISPOSED if the session or its model was disposed of.
  const std::shared_ptr<Session>& session() const;
  Turn turn() const { return {session(), resets_}; }
  /// For a synchronous call; `remedy` is the call that waits.
  IdleModel idle_model(const Arguments& arguments, const char* call, const char* remedy) const;
  std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const char* call,
                                         std::size_t abort_argument) const;
  napi_value start(std::unique_ptr<PromiseJob> job) const {
    return owned_.shared().start(std::move(job));
  }
  /// Reads the sources of a decoder's session in place.
  std::vector<InputBatch> read_sources(const GivenCall& call) const;
  /// An upper bound of the operations of a step on the rows of these sources.
  CheckedSize operations_on(std::span<const InputBatch> sources) const;
  /// For a call that gives the session its sources, or shares those of another one. A session keeps
  /// its first sources: if a call for others failed, it would still share them.
  void take_context(std::shared_ptr<const Context> context);
  /// For a job that only computes: it has the session to itself.
  JobAccess access() const;
  void read_step(const Arguments& arguments, StepArrays& arrays) const;
  /// The sessions of objects of one model, each of them given once.
  static std::vector<Turn> turns_of(std::span<const SessionObject* const> objects);
  /// Another object of the same model or decoder, whose session has as many sequences.
  const SessionObject& read_other(const Arguments& arguments) const;
  Shape states_shape() const { return {formulas::session_state, session()->value_count()}; }

  OwnedOnDevice<Session, Model, &DependentBytes::sessions> owned_;
  std::shared_ptr<const StepForm> form_;
  std::shared_ptr<StepArrays> arrays_;
  std::shared_ptr<const Context> context_;  ///< of a decoder's session
  std::uint64_t resets_ = 0;                ///< that were asked for
};

}  // namespace gru::binding
