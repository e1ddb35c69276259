"""Noise after the first layer of a classifier, as in PixelDP: the layer, the rest of the network, and the layer's sensitivity."""
