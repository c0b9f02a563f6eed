# The module table: name -> modules it may include. The one place where layers are defined;
# tests/checks/layers.sh compares every #include with it, and koan_module() links by it.
set(KOAN_LAYER_base "")
set(KOAN_LAYER_kernels "base")
set(KOAN_LAYER_coder "base")
set(KOAN_LAYER_formats "base")
set(KOAN_LAYER_text "base;formats")
set(KOAN_LAYER_model "base;kernels;formats;text")
set(KOAN_LAYER_route "base;formats;text")
set(KOAN_LAYER_predict "base;kernels;formats;text")
set(KOAN_LAYER_codec "base;coder;formats;text;model;kernels;predict;route")
set(KOAN_LAYER_adapt "base;kernels;formats;text;model;route")
set(KOAN_LAYER_eval "base;formats;text;model")
set(KOAN_LAYER_cli "base;codec;formats;text;model;kernels;coder;predict;route;eval")
