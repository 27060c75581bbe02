"""Container images for the clusters: built with Docker where it answers, else with buildah."""

from tests.cluster.images.build import base_image, build_image, image_archive, push

__all__ = ["base_image", "build_image", "image_archive", "push"]
