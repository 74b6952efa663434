"""Holds the embedded cloud's Kubernetes API server against a real kube-apiserver: same requests, same answers?"""
