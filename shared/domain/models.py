"""What can be served: models, and the machines that hold them. Values read from shared/catalog."""

from dataclasses import dataclass

from shared.domain.machines import Machine

_BLOCK = 1024


@dataclass(frozen=True)
class ModelOption:
    """One way to run a model: a machine type and how many of its GPUs one replica takes."""

    machine: str
    gpu: str
    tp: int
    """GPUs of one replica (tensor parallelism)."""
    kv_tokens: int
    """Tokens that fit into the KV cache of one replica; an estimate, good to about ten percent."""
    engine_args: tuple[str, ...] = ()
    """Flags without which this combination does not start."""


@dataclass(frozen=True)
class Model:
    """One model of the catalogue."""

    id: str
    hf_id: str
    gated: bool | None
    """Whether the weights need an accepted licence and a token. None = not known: treat as gated."""
    licence: str | None
    params_b: float | None
    weights_gb: float | None
    """Decimal gigabytes of the checkpoint."""
    weights_dtype: str
    context_length: int
    kv_bytes_per_token: int
    """Of a whole replica, with a 16-bit cache."""
    default_machine: str | None
    """The machine taken when nobody names one; None together with no options."""
    options: tuple[ModelOption, ...]
    """At most one for a machine type. None at all: listed for the arithmetic, refused for deployment."""
    aliases: tuple[str, ...] = ()
    active_b: float | None = None
    """Parameters that one token passes through, in billions; None: all of them, or not known."""
    why_not: str | None = None
    """Why it cannot be deployed, where it has no options."""

    @property
    def needs_token(self) -> bool:
        """Whether a Hugging Face token must be in place before the weights can be fetched."""
        return self.gated is not False

    def max_model_len(self, option: ModelOption) -> int:
        """The longest context, in tokens, the server may promise on this option; above it it would not start."""
        return min(self.context_length, option.kv_tokens // _BLOCK * _BLOCK)


@dataclass(frozen=True)
class Fit:
    """A model placed on a machine type in a region, with the zones that offer it."""

    model: Model
    option: ModelOption
    machine: Machine
    zones: tuple[str, ...]

    @property
    def replicas_per_node(self) -> int:
        """How many replicas one machine holds."""
        return self.machine.accelerator.count // self.option.tp

    def nodes(self, replicas: int) -> int:
        """How many machines hold that many replicas."""
        return -(-replicas // self.replicas_per_node)
